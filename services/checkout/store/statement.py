"""A provider's own list of a day, set against our charges and refunds in the database: it may be longer than memory."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from msgspec import Struct

from services.checkout.domain.reconciliation import About, Listed, Ours, Theirs
from shared.kernel.money import Money
from shared.runtime.postgres import Postgres, Record
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


class Stray(Struct, frozen=True):
    """`twin_of`: of which charge or refund of ours it is one more."""

    theirs: Theirs
    twin_of: Ours | None


class Strays(Struct, frozen=True):
    """`number` counts all of them, `first` has so many as were asked for."""

    number: int
    first: Sequence[Stray]


async def add_entries(
    postgres: Postgres, run: UUID, about: About, entries: Sequence[Listed], *, account_id: UUID
) -> int:
    """How many were new. Those whose reference is of the account are ours."""
    said = [one.theirs for one in entries]
    done = await postgres.execute(
        _sql["add_charges"] if about == "charge" else _sql["add_refunds"],
        run,
        account_id,
        [one.id for one in said],
        [one.reference for one in said],
        [one.status for one in said],
        [one.total.minor for one in said],
        [one.total.currency for one in said],
        [one.fee.minor if one.fee else None for one in said],
        [one.fee.currency if one.fee else None for one in said],
        [one.created_at for one in entries],
    )
    return int(done.rpartition(" ")[2])


async def match_the_rest(postgres: Postgres, run: UUID, account_id: UUID, *, bounds: tuple[UUID, UUID]) -> None:
    """By the provider's ids. `bounds`: ids of the days that the list is of."""
    await postgres.execute(_sql["match_charges_by_id"], run, account_id, *bounds)
    await postgres.execute(_sql["match_refunds_by_id"], run, account_id)


async def entries_of(postgres: Postgres, run: UUID, about: About, ours: Sequence[Ours]) -> Mapping[UUID, Theirs]:
    rows = await postgres.fetch(
        _sql["entries_of"], run, about, [one.id for one in ours], [one.provider_id for one in ours]
    )
    return {row["ours"]: _theirs(row) for row in rows}


async def strays(
    postgres: Postgres, run: UUID, about: About, *, of_day: tuple[datetime, datetime], limit: int
) -> Strays:
    statement = _sql["stray_charges"] if about == "charge" else _sql["stray_refunds"]
    rows = await postgres.fetch(statement, run, *of_day, max(1, limit))
    return Strays(rows[0]["number"] if rows else 0, [_stray(row, about) for row in rows[:limit]])


async def forget_run(postgres: Postgres, run: UUID, *, and_before: UUID) -> None:
    await postgres.execute(_sql["forget_run"], run, and_before)


def _stray(row: Record, about: About) -> Stray:
    twin_of = None
    if row["ours"] is not None:
        twin_of = Ours(
            about=about,
            id=row["ours"],
            reference=row["our_reference"],
            status=row["our_status"],
            total=Money(row["our_minor"], row["our_currency"]),
            provider_id=row["our_provider_id"],
        )
    return Stray(_theirs(row), twin_of)


def _theirs(row: Record) -> Theirs:
    fee = None if row["fee_minor"] is None else Money(row["fee_minor"], row["fee_currency"])
    return Theirs(
        id=row["provider_id"],
        reference=row["reference"],
        status=row["status"],
        total=Money(row["amount_minor"], row["currency"]),
        fee=fee,
    )
