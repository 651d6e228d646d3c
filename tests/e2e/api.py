"""A merchant and a buyer who speak HTTP with a running stack, and what the provider and the mailbox say of it."""

import asyncio
import time
from typing import Any
from uuid import UUID

import asyncpg
import httpx

from tests.support.stack import Stack

PHONE = "+256772123456"
WAITS = "+256772000004"
"""This payer answers when a test says so, and not before a busy machine has looked at the payment that is pending."""
UGX_50000 = {"type": "fixed", "amount_minor": 50_000, "currency": "UGX"}
SETTLES_SECONDS_MAX = 30.0


class Api:
    """`send` is everybody's client; the merchant's key goes along where a method is the merchant's."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=100)
        self.send = httpx.AsyncClient(base_url=stack.gateway, timeout=30, limits=limits)

    async def close(self) -> None:
        await self.send.aclose()

    # The merchant

    async def merchant(self, method: str, path: str, body: object = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.send.request(method, path, json=body, headers={**self.stack.credentials, **named})

    async def link(self, **fields: Any) -> dict[str, Any]:
        body = {"title": "Invoice #77", "pricing": UGX_50000, **fields}
        answer = await self.merchant("POST", "/v1/payment-links", body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def one(self, link: dict[str, Any]) -> dict[str, Any]:
        return (await self.merchant("GET", f"/v1/payment-links/{link['id']}")).json()

    async def stats(self, link: dict[str, Any]) -> dict[str, Any]:
        return (await self.merchant("GET", f"/v1/payment-links/{link['id']}/stats")).json()

    async def charges(self, link: dict[str, Any]) -> list[dict[str, Any]]:
        answer = await self.merchant("GET", f"/v1/payment-links/{link['id']}/charges?limit=100")
        return answer.json()["data"]

    async def settled(self, link: dict[str, Any], paid: int = 1) -> dict[str, Any]:
        """The stats, once so many payments are counted."""
        return await until(lambda: self.stats(link), lambda stats: stats["paid_count"] >= paid)

    # The buyer

    async def open(self, link: dict[str, Any], body: object = None, **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.send.post(f"/v1/checkout/{link['slug']}/sessions", json=body or {}, headers=named)

    async def session(self, link: dict[str, Any], **body: object) -> dict[str, Any]:
        answer = await self.open(link, body)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def pay(self, session: dict[str, Any], **means: str) -> httpx.Response:
        body = means or {"method": "mobile_money", "phone": PHONE}
        return await self.send.post(f"/v1/checkout/sessions/{session['id']}/pay", json=body, headers=bearer(session))

    async def read(self, session: dict[str, Any]) -> dict[str, Any]:
        answer = await self.send.get(f"/v1/checkout/sessions/{session['id']}", headers=bearer(session))
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def becomes(self, session: dict[str, Any], status: str) -> dict[str, Any]:
        return await until(lambda: self.read(session), lambda now: now["status"] == status)

    async def paid(self, link: dict[str, Any], email: str | None = None, **body: object) -> dict[str, Any]:
        customer = {"email": email} if email else {}
        session = await self.session(link, customer=customer, **body)
        answer = await self.pay(session)
        assert answer.status_code == 202, answer.text
        return await self.becomes(session, "paid") | {"token": session["token"]}

    # The world around

    async def mails(self, to: str) -> list[dict[str, Any]]:
        answer = await self.send.get(self.stack.local["mailbox_json"], params={"to": to})
        return answer.json()

    async def one_mail(self, to: str) -> dict[str, Any]:
        (mail, *more) = await until(lambda: self.mails(to), bool)
        assert not more
        return mail

    async def sandbox(self, method: str, path: str, body: object = None, **params: Any) -> Any:
        """The provider's control API."""
        sandbox = self.stack.local["sandbox"]
        url, headers = sandbox["url"] + path, sandbox["control"]
        answer = await self.send.request(method, url, json=body, params=params, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def payment(self, session: dict[str, Any]) -> dict[str, Any]:
        """What the provider's own ledger holds for the session's present charge."""
        charge = (await self.read(session))["charge"]
        found = await self.sandbox("GET", "/control/payments", reference=UUID(charge["id"]).hex)
        (payment,) = found["data"]
        return payment

    async def approve(self, session: dict[str, Any]) -> None:
        """The payer's yes, for those who pay by WAITS."""
        payment = await self.payment(session)
        await self.sandbox("POST", f"/control/payments/{payment['id']}/succeed")

    async def rows(self, service: str, query: str, *values: object) -> list[dict[str, Any]]:
        """Straight from a service's database: for what no API tells."""
        connection = await asyncpg.connect(self.stack.local["postgres"][service])
        try:
            return [dict(row) for row in await connection.fetch(query, *values)]
        finally:
            await connection.close()


def bearer(session: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {session['token']}"}


async def until(ask: Any, good: Any, seconds: float = SETTLES_SECONDS_MAX) -> Any:
    """What `ask` answers, as soon as it is good."""
    ends = time.monotonic() + seconds
    while not good(answer := await ask()):
        assert time.monotonic() < ends, f"after {seconds} s it is still {answer}"
        await asyncio.sleep(0.1)
    return answer
