"""A provider of the tests' own, and its adapter: plugged into checkout by PAYLINKS_EXTRA_PROVIDERS.

Its server keeps payments in memory and does what a test tells it. Its callbacks are signed by a shared secret, and say
one of three things: how a payment stands, only which payment to ask about, or something that is no payment of ours.
"""

import asyncio
import contextlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec

from services.checkout.domain.charge import PaymentState, Prompt
from services.checkout.providers.http import HttpClient, NoAnswer, NotConnected
from services.checkout.providers.port import (
    Absent,
    Accepted,
    Account,
    Ask,
    CallbackContent,
    CannotExpire,
    CreateResult,
    Credential,
    ExpireResult,
    Ignored,
    NotSent,
    Order,
    Payment,
    RefundOrder,
    RefundResult,
    RefundStatusResult,
    Refused,
    Signal,
    StatusResult,
    Unknown,
    Unreachable,
)
from shared.kernel.money import Money


class Echo:
    """Implements `providers.port.Provider`."""

    name = "echo"
    takes = {"mobile_money": frozenset({"UGX", "RWF"}), "card": None}  # noqa: RUF012 - as the port wants it
    refunds = "none"
    credentials = (
        Credential(name="api_key", pattern=r"ek_[a-z0-9]{12,40}", hint="begins with ek_"),
        Credential(name="webhook_secret", pattern=r"es_[a-z0-9]{12,40}"),
    )

    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        self._http = HttpClient(url, timeout_seconds=timeout_seconds)

    async def create(self, account: Account, order: Order) -> CreateResult:
        body = {"reference": order.reference, "minor": order.total.minor, "currency": order.total.currency}
        body |= {"phone": order.phone, "account": account.external_id, "callback_url": order.callback_url}
        try:
            answer = await self._http.send("POST", "/payments", headers=_as(account), body=msgspec.json.encode(body))
        except NotConnected:
            return NotSent()
        except NoAnswer:
            return Unknown(answered=False)
        if answer.status == 400:
            said = msgspec.json.decode(answer.body)
            return Refused(said["code"], said.get("field"))
        if answer.status >= 500:
            return Unknown(answered=True)
        return Accepted(state_of(msgspec.json.decode(answer.body)))

    async def status(self, account: Account, payment: Payment) -> StatusResult:
        try:
            answer = await self._http.send("GET", f"/payments/{payment.reference}", headers=_as(account))
        except (NotConnected, NoAnswer):
            return Unreachable()
        if answer.status == 404:
            return Absent()
        return Accepted(state_of(msgspec.json.decode(answer.body))) if answer.status == 200 else Unreachable()

    async def expire(self, account: Account, payment: Payment) -> ExpireResult:
        return CannotExpire()

    async def refund(self, account: Account, order: RefundOrder) -> RefundResult:
        return Refused("refunds_not_taken", None)

    async def refund_status(self, account: Account, order: RefundOrder, provider_id: str | None) -> RefundStatusResult:
        return Absent()

    def is_authentic(self, account: Account, headers: Mapping[str, str], *, body: bytes, now: datetime) -> bool:
        return hmac.compare_digest(
            headers.get("echo-signature", ""), signed(body, account.credentials["webhook_secret"])
        )

    def read(self, account: str, body: bytes) -> CallbackContent | None:
        try:
            said = msgspec.json.decode(body)
            match said["type"]:
                case "payment":
                    return Signal(said["id"], state_of(said["data"]))
                case "ask":
                    return Ask(said["id"], said["reference"])
                case "other":
                    return Ignored(said["id"])
                case _:
                    return None
        except (msgspec.MsgspecError, KeyError, TypeError):
            return None

    def kept_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {name: headers[name] for name in ("echo-signature",) if name in headers}

    async def close(self) -> None:
        await self._http.close()


class EchoToo(Echo):
    """A second provider of the same kind."""

    name = "echo_too"


def signed(body: bytes, secret: str) -> str:
    return hmac.digest(secret.encode(), body, "sha256").hex()


def state_of(said: dict[str, Any]) -> PaymentState:
    asked = said["status"] == "pending" and said["phone"]
    return PaymentState(
        provider_id=said["id"],
        account=said["account"],
        reference=said["reference"],
        status=said["status"],
        total=Money(said["minor"], said["currency"]),
        reason=said.get("reason"),
        next_action=Prompt(said["phone"], datetime.fromisoformat(said["until"])) if asked else None,
        card_brand=said.get("brand"),
        payer_last4=said.get("last4"),
    )


def _as(account: Account) -> dict[str, str]:
    return {"authorization": f"Bearer {account.credentials['api_key']}", "content-type": "application/json"}


class EchoServer:
    """The provider's side, in this process: `does` is what it makes of the next orders."""

    def __init__(self) -> None:
        self.payments: dict[str, dict[str, Any]] = {}
        self.keys: list[str] = []
        self.does: str = "pending"
        self.answers_status = True
        self.url = ""
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def becomes(self, reference: str, status: str, **more: Any) -> dict[str, Any]:
        self.payments[reference] |= {"status": status, **more}
        return self.payments[reference]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        method, path, _ = head.split(" ", 2)
        status, answer = self._answer(method, path, headers, body)
        raw = msgspec.json.encode(answer)
        writer.write(b"HTTP/1.1 %d X\r\ncontent-length: %d\r\nconnection: close\r\n\r\n%b" % (status, len(raw), raw))
        await writer.drain()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    def _answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
        self.keys.append(headers["authorization"].removeprefix("bearer "))
        if method == "GET":
            payment = self.payments.get(path.rsplit("/", 1)[1])
            if not self.answers_status:
                return 503, {}
            return (200, payment) if payment else (404, {})
        order = msgspec.json.decode(body)
        match self.does:
            case "refuse":
                return 400, {"code": "currency_not_enabled"}
            case "refuse_phone":
                return 400, {"code": "bad_phone", "field": "phone"}
            case "break":
                return 500, {}
            case status:
                until = datetime.fromtimestamp(datetime.now(UTC).timestamp() + 120, UTC).isoformat()
                payment = order | {"id": f"e_{order['reference'][:12]}", "status": status, "until": until}
                if status == "failed":
                    payment |= {"reason": "declined", "brand": "visa", "last4": "4242"}
                self.payments[order["reference"]] = payment
                return 201, payment


async def send_callback(
    http: httpx.AsyncClient, payment: dict[str, Any], *, secret: str, **over: Any
) -> httpx.Response:
    """A callback about the payment to where it was ordered to go; `over` replaces what it says."""
    said = {"id": f"ev_{payment['id']}_{payment['status']}", "type": "payment", "data": payment} | over
    body = msgspec.json.encode(said)
    return await http.post(payment["callback_url"], content=body, headers={"echo-signature": signed(body, secret)})
