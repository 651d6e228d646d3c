"""A merchant who is connected with the simulators of all providers, and what each simulator's own books say."""

from typing import Any
from uuid import UUID

from msgspec import Struct

from tests.e2e.api import Api, until


class Booked(Struct, frozen=True):
    """`amount` and `refunded` as the provider writes them: an integer by Stripe, a text by the others."""

    amount: int | str
    currency: str
    captured: int
    refunded: tuple[int | str, ...] = ()


class Merchant(Api):
    async def control(self, provider: str, method: str, path: str, body: object = None, **params: str) -> Any:
        simulator = self.stack.local["simulators"][provider]
        url, headers = simulator["url"] + path, simulator["control"]
        answer = await self.send.request(method, url, json=body, params=params, headers=headers)
        assert answer.status_code < 300, answer.text
        return answer.json()

    def account(self, provider: str) -> dict[str, Any]:
        (account,) = (one for one in self.stack.local["provider_accounts"] if one["provider"] == provider)
        return account

    async def takes(self, provider: str, *currencies: str) -> None:
        """What its account takes from now on."""
        path = f"/v1/provider-accounts/{self.account(provider)['id']}"
        answer = await self.merchant("PATCH", path, {"currencies": list(currencies)})
        assert answer.status_code == 200, answer.text

    async def sells(self, provider: str, amount_minor: int, currency: str, **fields: Any) -> dict[str, Any]:
        pricing = {"type": "fixed", "amount_minor": amount_minor, "currency": currency}
        return await self.link(pricing=pricing, providers=[provider], uses_max=3, **fields)

    async def charge(self, link: dict[str, Any], status: str = "succeeded") -> dict[str, Any]:
        (only,) = [one for one in await self.charges(link) if one["status"] == status]
        return (await self.merchant("GET", f"/v1/charges/{only['id']}")).json()

    async def entry(self, provider: str, charge: dict[str, Any]) -> dict[str, Any]:
        """The one payment in the provider's books that is of this charge."""
        # MTN's own name for a payment is drawn from ours; the others keep ours as it is.
        reference = charge["provider_id"] if provider == "mtn" else UUID(charge["id"]).hex
        (entry,) = (await self.control(provider, "GET", "/control/payments", reference=reference))["data"]
        return entry

    async def books(self, provider: str, charge: dict[str, Any]) -> Booked:
        entry = await self.entry(provider, charge)
        refunds = tuple(one["amount"] for one in entry.get("refunds", ()) if one["status"] != "failed")
        if entry.get("refunded"):
            refunds = (entry["amount"],)
        captured = entry.get("charged", entry.get("captured"))
        return Booked(entry["amount"], entry["currency"], captured, refunds)

    async def refund(self, charge: dict[str, Any], amount_minor: int | None = None) -> None:
        """Asked for, and given by the provider."""
        body = {"charge_id": charge["id"]} | ({} if amount_minor is None else {"amount_minor": amount_minor})
        made = await self.merchant("POST", "/v1/refunds", body, Idempotency_Key=f"{charge['id']}-{amount_minor}")
        assert made.status_code == 202, made.text

        async def shown() -> dict[str, Any]:
            return (await self.merchant("GET", f"/v1/refunds/{made.json()['id']}")).json()

        await until(shown, lambda now: now["status"] == "succeeded")

    async def sent_back(self, link: dict[str, Any], amount: int) -> None:
        """The stats come to say that exactly so much was refunded."""

        async def total() -> int:
            return sum(one["amount_minor"] for one in (await self.stats(link))["refunded"])

        assert await until(total, lambda now: now >= amount) == amount
