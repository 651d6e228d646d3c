"""A merchant who gives money back, as tests say it."""

from typing import Any
from uuid import UUID

import httpx

from shared.contracts.links import LinkView, UseRefused, UsesView
from shared.kernel.ids import new_id
from tests.support.checkout import Rig, a_link, eventually

SCOPES = ("charges:read", "refunds:write")


class Shop:
    """A link, its merchant's key, and charges of it that were paid at once by card."""

    def __init__(self, rig: Rig, *, livemode: bool = False) -> None:
        self.rig = rig
        self.link: LinkView = rig.links.add(a_link(f"shop-{new_id().hex[-12:]}"))
        self.key = rig.links.key(self.link.org_id, *SCOPES, livemode=livemode)

    async def paid(self) -> str:
        """A charge of 50,000 UGX that has succeeded; its id."""
        session = await self.rig.open(self.link.slug)
        answer = await self.rig.pay(session, method="card", card_token="tok_visa")
        assert answer.json()["status"] == "paid", answer.text
        return await self.charge_of(session)

    async def charge_of(self, session: dict[str, Any]) -> str:
        row = await self.rig.pg.fetchrow("SELECT id FROM charge WHERE session_id = $1", session["id"])
        return str(row["id"])

    async def refund(self, charge: str, amount: int | None = None, **headers: str) -> httpx.Response:
        body: dict[str, Any] = {"charge_id": charge} | ({"amount_minor": amount} if amount else {})
        return await self.rig.http.post("/v1/refunds", json=body, headers=self.key | headers)

    async def get(self, path: str) -> Any:
        answer = await self.rig.http.get(path, headers=self.key)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str) -> httpx.Response:
        return await self.rig.http.post(path, headers=self.key)

    async def until(self, refund_id: str, status: str, *, seconds: float = 10) -> dict[str, Any]:
        async def there() -> bool:
            return (await self.get(f"/v1/refunds/{refund_id}"))["status"] == status

        await eventually(there, seconds=seconds)
        return await self.get(f"/v1/refunds/{refund_id}")

    async def given_back(self, charge: str) -> int:
        """What the provider itself has given back of it."""
        payment = await self.rig.pg.fetchval("SELECT provider_id FROM charge WHERE id = $1", UUID(charge))
        found = (await self.rig.control.get("/control/refunds", params={"payment": payment})).json()["data"]
        return sum(one["amount"] for one in found if one["status"] == "succeeded")

    async def payment_id(self, charge: str) -> str:
        return await self.rig.pg.fetchval("SELECT provider_id FROM charge WHERE id = $1", UUID(charge))

    async def ledger(self, charge: str) -> dict[str, int]:
        """The balance of each account, from this charge alone."""
        rows = await self.rig.pg.fetch(
            "SELECT account, sum(amount_minor)::bigint AS sum FROM ledger_entry WHERE charge_id = $1 GROUP BY account",
            UUID(charge),
        )
        return {row["account"]: row["sum"] for row in rows}

    async def facts(self, charge: str) -> list[str]:
        """What was told of it after its capture."""
        rows = await self.rig.pg.fetch(
            "SELECT type FROM outbox WHERE convert_from(data, 'UTF8')::jsonb ->> 'charge_id' = $1 ORDER BY position",
            charge,
        )
        types = [row["type"].removeprefix("checkout.") for row in rows]
        return [one for one in types if one not in {"charge.created", "charge.succeeded", "callback.refused"}]

    async def refused_use(self, charge: str, policy: Any) -> None:
        """What links tells when the money counts as no use; twice, since facts come again."""
        row = await self.rig.pg.fetchrow("SELECT session_id FROM charge WHERE id = $1", UUID(charge))
        for _ in range(2):
            await self.rig.links.tell(
                UseRefused(
                    org_id=self.link.org_id,
                    link_id=self.link.id,
                    session_id=row["session_id"],
                    charge_id=UUID(charge),
                    uses=UsesView(used=1, held=0, version=2),
                    policy=policy,
                )
            )
