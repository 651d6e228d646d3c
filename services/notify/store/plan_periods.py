"""Payments of plans, and what each buyer has of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from services.notify.domain.plan_period import Payment
from services.notify.domain.renewal import Buyer
from shared.contracts.links import MerchantView, PlanView, RemindersView
from shared.runtime.postgres import Postgres, Transaction
from shared.runtime.queries import statements

Who = tuple[UUID, str]
"""A link and a lower-cased address."""
_sql: Final = statements(__file__)
_encoder: Final = msgspec.json.Encoder()
_PLAN: Final = msgspec.json.Decoder(PlanView)
_REMINDERS: Final = msgspec.json.Decoder(RemindersView)
_MERCHANT: Final = msgspec.json.Decoder(MerchantView)
_WRITTEN: Final = (
    "link_id",
    "address",
    "to_address",
    "locale",
    "livemode",
    "plan_id",
    "charge_id",
    "starts_at",
    "paid_until",
    "quit",
    "lapsed_at",
    "ended_at",
    "told_since",
)
_FIRST: Final = (
    "link_id",
    "address",
    "org_id",
    "to_address",
    "locale",
    "livemode",
    "plan_id",
    "charge_id",
    "told_since",
)


class Candidate(msgspec.Struct, frozen=True):
    """A buyer for whom something may be due. `exhausted`: the link takes nobody any more."""

    buyer: Buyer
    merchant: MerchantView | None
    default_reminders: RemindersView | None
    reminders_since: datetime | None
    unsubscribed: bool
    exhausted: bool


async def lock_payments(tx: Transaction, charge_ids: Sequence[UUID]) -> dict[UUID, Payment]:
    rows = await tx.fetch(_sql["lock_payments"], charge_ids)
    return {row["charge_id"]: _payment(dict(row)) for row in rows}


async def note_payments(tx: Transaction, payments: Sequence[Payment]) -> list[Payment]:
    """Adds what is told to what is known; returns what is known now. Each charge once."""
    columns: dict[str, list[Any]] = {
        name: [getattr(one, name) for one in payments] for name in Payment.__struct_fields__
    }
    columns["plan"] = [None if plan is None else _encoder.encode(plan).decode() for plan in columns["plan"]]
    return [_payment(dict(row)) for row in await tx.fetch(_sql["note_payments"], *columns.values())]


async def lock_buyers(tx: Transaction, buyers: Sequence[Buyer]) -> list[Buyer]:
    """These as they are known; one that is not is written down as it is given, with nothing paid."""
    await tx.execute(_sql["add_buyers"], *([getattr(one, name) for one in buyers] for name in _FIRST))
    rows = await tx.fetch(_sql["lock_buyers"], *_named([(one.link_id, one.address) for one in buyers]))
    return [Buyer(**dict(row)) for row in rows]


async def payments_of(tx: Transaction, who: Sequence[Who]) -> dict[Who, list[Payment]]:
    found: dict[Who, list[Payment]] = {one: [] for one in who}
    for row in await tx.fetch(_sql["payments_of"], *_named(who)):
        found[row["link_id"], row["address"]].append(_payment(dict(row)))
    return found


async def write_buyers(tx: Transaction, looks: Sequence[tuple[Buyer, datetime | None]]) -> None:
    """`looks` are buyers with when to look at them next."""
    columns = [[getattr(one, name) for one, _ in looks] for name in _WRITTEN]
    await tx.execute(_sql["write_buyers"], *columns, [at for _, at in looks])


async def look_again(tx: Transaction, *, link_ids: Sequence[UUID], org_ids: Sequence[UUID], now: datetime) -> None:
    await tx.execute(_sql["look_again"], link_ids, org_ids, now)


async def take_looks(tx: Transaction, *, now: datetime, limit: int) -> list[Candidate]:
    """Whose time to be looked at has come. They stay locked until the transaction ends."""
    found: list[Candidate] = []
    for row in await tx.fetch(_sql["take_looks"], now, limit):
        values: dict[str, Any] = dict(row)
        merchant, default = values.pop("merchant"), values.pop("default_reminders")
        since, unsubscribed = values.pop("reminders_since"), values.pop("unsubscribed")
        exhausted = values.pop("exhausted")
        found.append(
            Candidate(
                Buyer(**values),
                _MERCHANT.decode(merchant) if merchant else None,
                _REMINDERS.decode(default) if default else None,
                since,
                unsubscribed,
                exhausted,
            )
        )
    return found


async def find_buyer(pg: Postgres, link_id: UUID, address: str) -> tuple[Buyer, bool] | None:
    """With whether the link takes nobody any more."""
    row = await pg.fetchrow(_sql["find_buyer"], link_id, address)
    if row is None:
        return None
    values: dict[str, Any] = dict(row)
    exhausted = values.pop("exhausted")
    return Buyer(**values), exhausted


def _payment(values: dict[str, Any]) -> Payment:
    values["plan"] = _PLAN.decode(values["plan"]) if values["plan"] else None
    return Payment(**values)


def _named(who: Sequence[Who]) -> tuple[list[UUID], list[str]]:
    return [link for link, _ in who], [address for _, address in who]
