"""What follows from a charge: its use is settled, given back, or kept a little longer."""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from uuid import UUID

from services.links.domain import uses as decisions
from services.links.domain.batch import Ask
from services.links.domain.charge import Charge, charge_of
from services.links.domain.uses import Change, Use
from services.links.store import charges, refunds
from services.links.use_cases.change_uses import change_uses
from shared.contracts.checkout import (
    ChargeAccepted,
    ChargeEvent,
    ChargeExpired,
    ChargeFailed,
    ChargePending,
    ChargeRefunded,
    ChargeSucceeded,
    RefundFailed,
    SessionAbandoned,
    SessionExpired,
)
from shared.contracts.envelope import Received
from shared.contracts.links import ReleaseUse, SettleUse, UseState
from shared.runtime.postgres import Postgres, Transaction


async def take_in_facts(tx: Transaction, received: Sequence[Received], *, now: datetime) -> None:
    """Applies checkout's facts: keeps the list of charges, settles and releases uses. Repeats and disorder are fine."""
    newest: dict[UUID, Charge] = {}
    asks: list[Ask] = []
    for one in received:
        event = one.event
        if event.link_id is None:
            continue
        if isinstance(event, ChargeEvent):
            charge = charge_of(event, event.link_id)
            known = newest.get(charge.id)
            if known is None or known.version < charge.version:
                newest[charge.id] = charge
        if ask := _ask_of(one, event.link_id):
            asks.append(ask)
    await charges.project(tx, list(newest.values()))
    back = [one.event for one in received if one.event.link_id]
    await refunds.add(tx, [event for event in back if isinstance(event, ChargeRefunded)])
    await refunds.undo(tx, [event for event in back if isinstance(event, RefundFailed)])
    if asks:
        await change_uses(tx, asks, now=now)


async def settle_use(pg: Postgres, ask: SettleUse, *, now: datetime) -> UseState:
    """As the fact of the charge would; the one that comes second finds it done."""
    state, use = await _one(pg, _settling(ask, now, traceparent=None), now=now)
    paid_by_other = use is not None and use.state == "settled" and use.charge_id != ask.charge_id
    return UseState("refused", state.uses) if paid_by_other else state


async def release_use(pg: Postgres, ask: ReleaseUse, *, now: datetime) -> UseState:
    state, _ = await _one(pg, _releasing(ask, traceparent=None), now=now)
    return state


async def _one(pg: Postgres, ask: Ask, *, now: datetime) -> tuple[UseState, Use | None]:
    async with pg.transaction() as tx:
        outcome = await change_uses(tx, [ask], now=now)
    standing = outcome.standings[0]
    if standing is None:
        return UseState("unknown"), None
    use, counters = standing
    return UseState(use.state if use else "unknown", counters.view), use


def _ask_of(one: Received, link_id: UUID) -> Ask | None:
    event, trace = one.event, one.traceparent
    match event:
        case ChargeSucceeded() | ChargeAccepted():
            settle = SettleUse(
                org_id=event.org_id,
                link_id=link_id,
                session_id=event.session_id,
                charge_id=event.charge_id,
                total=event.total,
            )
            late = isinstance(event, ChargeAccepted)
            return _settling(settle, event.at, traceparent=trace, decide=decisions.accept if late else decisions.settle)
        case ChargeFailed() | ChargeExpired():
            release = ReleaseUse(
                org_id=event.org_id,
                link_id=link_id,
                session_id=event.session_id,
                charge_id=event.charge_id,
                reason="failed",
            )
            return _releasing(release, traceparent=trace)
        case ChargePending():
            extend = partial(decisions.extend, charge_id=event.charge_id, until=event.pending_until)
            return Ask(
                org_id=event.org_id,
                link_id=link_id,
                session_id=event.session_id,
                charge_id=event.charge_id,
                decide=extend,
                traceparent=trace,
            )
        case SessionExpired() | SessionAbandoned():
            return Ask(
                org_id=event.org_id,
                link_id=link_id,
                session_id=event.session_id,
                charge_id=event.session_id,
                decide=partial(decisions.abandon, org_id=event.org_id),
                traceparent=trace,
            )
        case _:
            return None


def _settling(
    ask: SettleUse, at: datetime, *, traceparent: str | None, decide: Callable[..., Change] = decisions.settle
) -> Ask:
    return Ask(
        org_id=ask.org_id,
        link_id=ask.link_id,
        session_id=ask.session_id,
        charge_id=ask.charge_id,
        decide=partial(decide, ask=ask, at=at),
        traceparent=traceparent,
    )


def _releasing(ask: ReleaseUse, *, traceparent: str | None) -> Ask:
    return Ask(
        org_id=ask.org_id,
        link_id=ask.link_id,
        session_id=ask.session_id,
        charge_id=ask.charge_id,
        decide=partial(decisions.release, ask=ask),
        traceparent=traceparent,
    )
