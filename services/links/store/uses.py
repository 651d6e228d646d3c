from collections.abc import Sequence
from datetime import datetime
from typing import Final, cast
from uuid import UUID

from services.links.domain.batch import Ask, Known, Outcome
from services.links.domain.link import Gate, Uses
from services.links.domain.uses import Use
from services.links.store.links import uses_of
from shared.kernel.money import Money
from shared.runtime import outbox
from shared.runtime.postgres import Postgres, Reader, Record, Transaction
from shared.runtime.queries import statements

_sql: Final = statements(__file__)


async def lock(tx: Transaction, link_ids: Sequence[UUID], *, skip_locked: bool) -> dict[UUID, Uses]:
    """The counters of these links, ours until the transaction ends. Always locked in the order of their ids."""
    statement = _sql["lock_free_uses" if skip_locked else "lock_uses"]
    rows = cast("Sequence[Record]", await tx.fetch(statement, link_ids))
    return {row["link_id"]: uses_of(row) for row in rows}


async def read(tx: Transaction, asks: Sequence[Ask], counters: dict[UUID, Uses]) -> list[Known | None]:
    rows = cast(
        "Sequence[Record]",
        await tx.fetch(
            _sql["read_standings"],
            [ask.link_id for ask in asks],
            [ask.session_id for ask in asks],
            [ask.charge_id for ask in asks],
        ),
    )
    known = {
        (row["link_id"], row["session_id"], row["charge_id"]): _known_of(row, counters[row["link_id"]])
        for row in rows
        if row["link_id"] in counters
    }
    return [known.get((ask.link_id, ask.session_id, ask.charge_id)) for ask in asks]


async def write(tx: Transaction, outcome: Outcome, *, now: datetime) -> None:
    if outcome.uses:
        await tx.execute(_sql["write_uses"], *_use_columns(outcome), now)
    if not (outcome.counters or outcome.facts):
        return
    counted = list(outcome.counters.items())
    earned = list(outcome.earned.items())
    aside = outcome.unsettled
    await tx.execute(
        _sql["write_changes"],
        [link_id for link_id, _ in counted],
        [uses.used for _, uses in counted],
        [uses.held for _, uses in counted],
        [uses.version for _, uses in counted],
        [uses.exhausted_at for _, uses in counted],
        [link_id for (link_id, _), _ in earned],
        [currency for (_, currency), _ in earned],
        [count for _, (count, _) in earned],
        [minor for _, (_, minor) in earned],
        now,
        [one.charge_id for _, one in aside],
        [link_id for link_id, _ in aside],
        [one.session_id for _, one in aside],
        [one.total.minor for _, one in aside],
        [one.total.currency for _, one in aside],
        [one.policy for _, one in aside],
        *outbox.columns([fact for fact, _ in outcome.facts], now, [trace for _, trace in outcome.facts]),
    )
    if outcome.taken_back:
        await tx.execute(_sql["take_back"], outcome.taken_back)


async def earliest_held(pg: Reader, link_ids: Sequence[UUID]) -> dict[UUID, datetime]:
    rows = cast("Sequence[Record]", await pg.fetch(_sql["earliest_held"], link_ids))
    return {row["link_id"]: row["held_until"] for row in rows}


async def lapsing(pg: Postgres, now: datetime, limit: int) -> Sequence[tuple[UUID, UUID, UUID, UUID]]:
    """(organization, link, session, charge) of holds whose time is over."""
    rows = await pg.fetch(_sql["lapsing"], now, limit)
    return [(row["org_id"], row["link_id"], row["session_id"], row["charge_id"]) for row in rows]


def _known_of(row: Record, counters: Uses) -> Known:
    gate = Gate(
        starts_at=row["starts_at"],
        expires_at=row["expires_at"],
        paused_at=row["paused_at"],
        ended_at=row["ended_at"],
        ended_as=row["ended_as"],
        late_payment_policy=row["late_payment_policy"],
        uses=counters,
    )
    return Known(row["org_id"], gate, _use_of(row), row["known_unsettled"])


def _use_of(row: Record) -> Use | None:
    if row["state"] is None:
        return None
    return Use(
        session_id=row["session_id"],
        link_id=row["use_link_id"],
        charge_id=row["use_charge_id"],
        state=row["state"],
        held_until=row["held_until"],
        total=Money(row["total_minor"], row["currency"]) if row["currency"] is not None else None,
        coupon_id=row["coupon_id"],
    )


def _use_columns(outcome: Outcome) -> tuple[list[object], ...]:
    uses = list(outcome.uses.values())
    return (
        [use.session_id for use in uses],
        [use.link_id for use in uses],
        [use.charge_id for use in uses],
        [use.state for use in uses],
        [use.held_until for use in uses],
        [use.total.minor if use.total else None for use in uses],
        [use.total.currency if use.total else None for use in uses],
        [use.coupon_id for use in uses],
    )
