"""A merchant whose cards Stripe takes: checkout in its own process, Stripe's simulator in another, real callbacks."""

from pathlib import Path
from typing import Any
from uuid import UUID

from shared.contracts.links import FixedView, LinkView
from shared.kernel.ids import new_id
from shared.kernel.money import Money
from tests.support.checkout import Rig, a_link, eventually
from tests.support.refunds import SCOPES
from tests.support.simulators import Simulator

SECRET = "whsec_of_the_stripe_shop"
TOTAL = 1999
FEE = 87
"""2.9 % of 19.99, and 30 cents: what the simulator keeps."""


class StripeShop:
    """`key` may also read and write provider accounts. Amounts are USD cents."""

    def __init__(self, rig: Rig, stripe: Simulator) -> None:
        self.rig, self.stripe = rig, stripe
        self.secret_key = f"sk_test_{new_id().hex}"
        view = a_link(f"stripe-{new_id().hex[-12:]}", pricing=FixedView(Money(TOTAL, "USD")), methods=("card",))
        self.link: LinkView = rig.links.add(view)
        scopes = (*SCOPES, "providers:read", "providers:write")
        self.key = rig.links.key(self.link.org_id, *scopes)

    async def connect(self) -> None:
        credentials = {"secret_key": self.secret_key, "webhook_secret": SECRET}
        body = {"provider": "stripe", "credentials": credentials}
        answer = await self.rig.http.post("/v1/provider-accounts", json=body, headers=self.key)
        assert answer.status_code == 201, answer.text
        self.account = answer.json()
        await self.hears()

    async def hears(self, *events: str) -> None:
        """Of which events its endpoint at Stripe is told; without any, of all."""
        told = {
            "secret_key": self.secret_key,
            "webhook_url": self.account["callback_url"],
            "webhook_secrets": [SECRET],
            "events": list(events) or ["*"],
        }
        await self.stripe.control("PUT", "/accounts", told)

    async def begun(self) -> dict[str, Any]:
        session = await self.rig.open(self.link.slug)
        answer = await self.rig.pay(session, method="card")
        assert answer.is_success, answer.text
        return session

    async def paid(self) -> str:
        """A charge that has succeeded; its id."""
        session = await self.begun()
        await self.stripe.control("POST", f"/sessions/{await self.page(session)}/pay")
        await self.rig.until(session, "paid")
        return str(await self.rig.pg.fetchval("SELECT id FROM charge WHERE session_id = $1", UUID(session["id"])))

    async def page(self, session: dict[str, Any]) -> str:
        return await self.rig.pg.fetchval("SELECT provider_id FROM charge WHERE session_id = $1", UUID(session["id"]))

    async def page_of(self, charge: str) -> str:
        return await self.rig.pg.fetchval("SELECT provider_id FROM charge WHERE id = $1", UUID(charge))

    async def refund_there(self, charge: str, amount: int | None = None) -> str:
        """Somebody gives money back at Stripe's dashboard; Stripe's name of the refund."""
        body = {} if amount is None else {"amount": amount}
        return (await self.stripe.control("POST", f"/sessions/{await self.page_of(charge)}/refund", body))["id"]

    async def end_refund(self, refund: str, status: str) -> None:
        await self.stripe.control("POST", f"/refunds/{refund}", {"status": status})

    async def dispute(self, charge: str, **asked: Any) -> str:
        return (await self.stripe.control("POST", f"/sessions/{await self.page_of(charge)}/dispute", asked))["id"]

    async def decide(self, dispute: str, status: str) -> None:
        await self.stripe.control("POST", f"/disputes/{dispute}", {"status": status})

    async def get(self, path: str) -> Any:
        answer = await self.rig.http.get(path, headers=self.key)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def charge(self, charge: str) -> dict[str, Any]:
        return await self.get(f"/v1/charges/{charge}")

    async def until(self, charge: str, seconds: float = 8, **shown: Any) -> dict[str, Any]:
        """The charge, once it shows these values."""

        async def there() -> bool:
            now = await self.charge(charge)
            return {name: now[name] for name in shown} == shown

        await eventually(there, seconds=seconds)
        return await self.charge(charge)

    async def refunds(self, charge: str) -> list[dict[str, Any]]:
        return (await self.get(f"/v1/refunds?charge={charge}"))["data"]

    async def balances(self, charge: str) -> dict[str, int]:
        """Of each account of the ledger that is not even, from this charge alone."""
        rows = await self.rig.pg.fetch(
            "SELECT account, sum(amount_minor)::bigint AS sum FROM ledger_entry WHERE charge_id = $1 GROUP BY account",
            UUID(charge),
        )
        return {row["account"]: row["sum"] for row in rows if row["sum"]}

    async def movements(self, charge: str) -> list[str]:
        """Kinds of the ledger's movements, in the order in which they were written."""
        rows = await self.rig.pg.fetch(
            "SELECT kind FROM ledger_entry WHERE charge_id = $1 AND line = 1 ORDER BY created_at, transaction_id",
            UUID(charge),
        )
        return [row["kind"] for row in rows]

    async def facts(self, charge: str) -> list[str]:
        """What was told of it after its capture."""
        rows = await self.rig.pg.fetch(
            "SELECT type FROM outbox WHERE convert_from(data, 'UTF8')::jsonb ->> 'charge_id' = $1 ORDER BY position",
            charge,
        )
        told = [row["type"].removeprefix("checkout.") for row in rows]
        return [one for one in told if one not in {"charge.created", "charge.pending", "charge.succeeded"}]

    async def verdicts(self) -> list[tuple[str, str]]:
        """(kind of event, verdict) of each callback that this account was sent and that is judged."""
        rows = await self.rig.pg.fetch(
            "SELECT convert_from(body, 'UTF8')::jsonb ->> 'type' AS type, verdict FROM callback WHERE account_id = $1"
            " ORDER BY id",
            UUID(self.account["id"]),
        )
        return [(row["type"], row["verdict"]) for row in rows]

    async def quiet(self, *, seconds: float = 8) -> None:
        """Until no callback of this account waits."""

        async def judged() -> bool:
            return "received" not in {verdict for _, verdict in await self.verdicts()}

        await eventually(judged, seconds=seconds)

    async def hurry(self) -> None:
        """What waits for its time has its turn now: callbacks, and asks for fees."""
        await self.rig.pg.execute("UPDATE callback SET retry_at = now() WHERE retry_at IS NOT NULL")
        await self.rig.pg.execute("UPDATE fee_ask SET next_ask_at = now()")


async def stripe_simulator(folder: Path) -> Simulator:
    simulator = Simulator("stripe", folder, secret_key="sk_test_of_nobody_else")
    await simulator.start()
    return simulator
