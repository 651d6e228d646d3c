"""Charges that wait for their callback, and validly signed callbacks for them."""

import asyncio
import hashlib
import hmac
import time
from typing import Any
from uuid import UUID

import httpx
import msgspec

from tests.bench.context import Bench
from tests.bench.load import request_bytes

PENDING_PHONE = "+256772000004"
"""The sandbox leaves a payment from such a number pending until it is told."""

LOOK_SECONDS = 0.02

_CLONE = """
WITH ids AS (
    SELECT uuidv7() AS session_id, uuidv7() AS charge_id FROM generate_series(1, $2)
),
sessions AS (
    INSERT INTO session
    SELECT copy.*
    FROM ids, session, LATERAL jsonb_populate_record(session, jsonb_build_object('id', ids.session_id)) AS copy
    WHERE session.id = $1
    RETURNING id
)
INSERT INTO charge
SELECT copy.*
FROM ids, charge, LATERAL jsonb_populate_record(charge, jsonb_build_object(
    'id', ids.charge_id, 'session_id', ids.session_id, 'reference', replace(ids.charge_id::text, '-', ''),
    'provider_id', 'pay_' || replace(ids.charge_id::text, '-', ''),
    'next_poll_at', now() + interval '1 day', 'held_until', now() + interval '1 day', 'prompt_phone', NULL)) AS copy
WHERE charge.session_id = $1
RETURNING reference, provider_id
"""
_WAITING = "SELECT EXISTS (SELECT FROM callback WHERE verdict = 'received')"
_COUNTED = "SELECT paid_count FROM link_revenue JOIN link ON link.id = link_id WHERE title = 'Callbacks'"


class Pending:
    """One payment is begun as buyers do; the others are copies of its rows, since only its callback matters here."""

    def __init__(self, bench: Bench, *, session_id: UUID, payment: dict[str, Any], account: dict[str, Any]) -> None:
        self._bench = bench
        self._session_id = session_id
        self._payment = payment
        self._secret = account["webhook_secret"]
        self._account = account["id"]
        self._made = 0
        self.url = f"{bench.services['checkout']}/callbacks/sandbox/{self._account}"

    @classmethod
    async def prepared(cls, bench: Bench) -> "Pending":
        link = await bench.make_link(title="Callbacks")
        async with httpx.AsyncClient() as http:
            opened = await http.post(f"{bench.services['checkout']}/v1/checkout/{link['slug']}/sessions", json={})
            session = opened.raise_for_status().json()
            bearer = {"Authorization": f"Bearer {session['token']}"}
            pay = f"{bench.services['checkout']}/v1/checkout/sessions/{session['id']}/pay"
            body = {"method": "mobile_money", "phone": PENDING_PHONE}
            (await http.post(pay, json=body, headers=bearer)).raise_for_status()
            account = await _sandbox_account(bench, http)
            key = {"Authorization": f"Bearer {account['api_key']}"}
            ledger = f"{bench.local['sandbox']['url']}/v1/payments"
            reference = await bench.databases["checkout"].fetchval(
                "SELECT reference FROM charge WHERE session_id = $1", UUID(session["id"])
            )
            payment = (await http.get(ledger, params={"reference": reference}, headers=key)).raise_for_status().json()
        return cls(bench, session_id=UUID(session["id"]), payment=payment, account=account)

    async def charges(self, count: int) -> list[bytes]:
        """The callbacks of so many new pending charges, not signed yet."""
        rows = await self._bench.databases["checkout"].fetch(_CLONE, self._session_id, count)
        self._made += count
        return [self._body(row["reference"], row["provider_id"]) for row in rows]

    def signed(self, body: bytes) -> bytes:
        at = str(int(time.time()))
        digest = hmac.new(self._secret.encode(), at.encode() + b"." + body, hashlib.sha256).hexdigest()
        return request_bytes("POST", self.url, body=body, headers={"Sandbox-Signature": f"t={at},v1={digest}"})

    async def applied(self) -> None:
        """Waits until none waits to be applied."""
        while await self._bench.databases["checkout"].fetchval(_WAITING):  # noqa: ASYNC110 - of other processes
            await asyncio.sleep(LOOK_SECONDS)

    async def counted(self) -> None:
        """Waits until links has counted them all."""
        while await self._bench.databases["links"].fetchval(_COUNTED) != self._made:  # noqa: ASYNC110 - as above
            await asyncio.sleep(LOOK_SECONDS)

    async def check(self) -> None:
        """Raises RuntimeError unless each charge was applied once, and links counted each once."""
        succeeded = await self._bench.databases["checkout"].fetchval(
            "SELECT count(*) FROM charge JOIN session ON session.id = session_id"
            " WHERE charge.status = 'succeeded' AND session.link ->> 'title' = 'Callbacks'"
        )
        counted = await self._bench.databases["links"].fetchval(_COUNTED)
        if (succeeded, counted) != (self._made, self._made):
            raise RuntimeError(f"{self._made} charges, {succeeded} succeeded, {counted} counted")

    def _body(self, reference: str, provider_id: str) -> bytes:
        paid = {**self._payment, "id": provider_id, "reference": reference, "status": "succeeded", "next_action": None}
        event = {
            "id": f"evt_{reference}",
            "type": "payment.succeeded",
            "account": self._account,
            "created_at": paid["created_at"],
            "data": paid,
        }
        return msgspec.json.encode(event)


async def _sandbox_account(bench: Bench, http: httpx.AsyncClient) -> dict[str, Any]:
    """The organization's account with its secrets: the provider answers with the same one as often as it is asked."""
    secrets = msgspec.json.decode((bench.stack.home / "secrets.json").read_bytes())
    answer = await http.post(
        f"{bench.local['sandbox']['url']}/v1/accounts",
        json={"reference": bench.local["organization_id"], "name": "Kampala Coffee"},
        headers={"Authorization": f"Bearer {secrets['sandbox_platform_key']}"},
    )
    return answer.raise_for_status().json()
