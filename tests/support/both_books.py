"""A day of payments as it stands in our books and in the provider's: alike, but for the faults that a test puts in."""

import random
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, Literal
from uuid import UUID

import asyncpg

from shared.kernel.money import Money

PRICES: Final = (Money(50_000, "UGX"), Money(1_999, "USD"), Money(7_500, "XOF"))
DAY: Final = date(2027, 3, 5)
BEGINS: Final = datetime.combine(DAY, time.min, tzinfo=UTC)
ENDS: Final = BEGINS + timedelta(days=1)

Status = Literal["created", "pending", "succeeded", "failed", "expired"]


@dataclass(frozen=True)
class Entry:
    """A payment on one side, or a refund of `payment`. Amounts in minor units; `provider_id` is theirs."""

    provider_id: str
    reference: str
    amount: int
    currency: str
    status: Status
    at: datetime
    fee: int = 0
    payment: str | None = None

    @property
    def words(self) -> str:
        return f"{self.amount} {self.currency}"


class BothBooks:
    """`ours` and `theirs` by our reference. `fees`: whether the provider tells what it keeps."""

    def __init__(self, number: int, *, prefix: str, fees: bool, seed: int) -> None:
        self.chance = random.Random(seed)
        self.prefix, self.fees = prefix, fees
        self.ours: dict[str, Entry] = {}
        self.theirs: dict[str, Entry] = {}
        self.refunds_ours: dict[str, Entry] = {}
        self.refunds_theirs: dict[str, Entry] = {}
        for place in range(number):
            self.pay(at=BEGINS + (ENDS - BEGINS) * (place / number))
        for paid in [one for one in self.ours.values() if one.status == "succeeded"][::10]:
            self.give_back(paid)

    def id_at(self, at: datetime) -> UUID:
        """Of version 7, as if it had been made then."""
        return UUID(
            int=(int(at.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62) | self.chance.getrandbits(60), version=None
        )

    def pay(self, *, at: datetime, theirs_at: datetime | None = None, status: Status | None = None) -> Entry:
        price = self.chance.choice(PRICES)
        status = status or self.chance.choices(("succeeded", "pending", "failed", "expired"), (82, 5, 8, 5))[0]
        fee = price.minor * 29 // 1000 if status == "succeeded" and self.fees else 0
        reference = self.id_at(at).hex
        paid = Entry(f"{self.prefix}{reference}", reference, price.minor, price.currency, status, at, fee)
        self.ours[reference] = paid
        at = theirs_at or at + timedelta(milliseconds=self.chance.randint(5, 900))
        self.theirs[reference] = replace(paid, status="expired" if status == "failed" else status, at=at)
        return paid

    def give_back(self, paid: Entry, *, at: datetime | None = None, status: Status | None = None) -> Entry:
        """Mostly on the same day; always in ours and theirs."""
        at = at or min(paid.at + timedelta(hours=2), ENDS - timedelta(minutes=1))
        reference = self.id_at(at).hex
        amount = paid.amount if self.chance.random() < 0.5 else paid.amount // 5
        status = status or self.chance.choices(("succeeded", "pending", "failed"), (8, 1, 1))[0]
        given = Entry(
            f"re_{reference}",
            reference,
            amount,
            paid.currency,
            status,
            at,
            payment=self.theirs[paid.reference].provider_id,
        )
        self.refunds_ours[reference] = given
        self.refunds_theirs[reference] = replace(given, at=at + timedelta(milliseconds=300))
        return given


class OurBooks:
    """The database of checkout, filled at once: what it takes to be captured one by one, other tests show."""

    def __init__(self, dsn: str, *, account_id: UUID, org_id: UUID, provider: str) -> None:
        self._dsn = dsn
        self._account_id, self._org_id, self._provider = account_id, org_id, provider

    async def write(self, books: BothBooks) -> None:
        connection = await asyncpg.connect(self._dsn)
        try:
            async with connection.transaction():
                # Sessions and the facts of each charge are not what is compared.
                await connection.execute("SET LOCAL session_replication_role = replica")
                await self._copy(connection, "charge", [self._charge(one) for one in books.ours.values()])
                fees = [line for one in books.ours.values() if one.fee for line in self._fee(one, books)]
                await self._copy(connection, "ledger_entry", fees)
                refunds = [self._refund(one, books) for one in books.refunds_ours.values()]
                await self._copy(connection, "refund", refunds)
            await connection.execute("ANALYZE")
        finally:
            await connection.close()

    async def _copy(self, connection: Any, table: str, rows: list[dict[str, Any]]) -> None:
        if rows:
            records = [tuple(row.values()) for row in rows]
            await connection.copy_records_to_table(table, columns=list(rows[0]), records=records)

    def _common(self, one: Entry) -> dict[str, Any]:
        return {
            "id": UUID(one.reference),
            "org_id": self._org_id,
            "link_id": self._org_id,
            "session_id": UUID(one.reference),
            "livemode": False,
            "account_id": self._account_id,
            "provider": self._provider,
            "reference": one.reference,
            "provider_id": None if one.status == "created" else one.provider_id,
            "currency": one.currency,
            "status": one.status,
            "absent_after": one.at,
            "created_at": one.at,
            "updated_at": one.at,
        }

    def _charge(self, one: Entry) -> dict[str, Any]:
        more = {"method": "card", "total_minor": one.amount, "held_until": one.at, "next_poll_at": one.at}
        return self._common(one) | more

    def _refund(self, one: Entry, books: BothBooks) -> dict[str, Any]:
        charge = next(paid.reference for paid in books.ours.values() if paid.provider_id == one.payment)
        more = {"charge_id": UUID(charge), "amount_minor": one.amount, "asked_by": "tests", "next_attempt_at": one.at}
        return self._common(one) | more

    def _fee(self, one: Entry, books: BothBooks) -> list[dict[str, Any]]:
        posting = {"transaction_id": books.id_at(one.at), "kind": "fee", "source_id": UUID(one.reference)}
        of = {"org_id": self._org_id, "livemode": False, "charge_id": UUID(one.reference), "link_id": self._org_id}
        moved = {"currency": one.currency, "created_at": one.at}
        return [
            posting | of | moved | {"line": 1, "account": "fees", "owner_id": self._org_id, "amount_minor": one.fee},
            posting
            | of
            | moved
            | {"line": 2, "account": "provider", "owner_id": self._account_id, "amount_minor": -one.fee},
        ]
