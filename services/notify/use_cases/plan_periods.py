"""Payments of plans open periods, and payments that went back close them: what each buyer has follows from both."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from services.notify.domain.plan_period import Payment, makes_a_period, periods
from services.notify.domain.renewal import Buyer
from services.notify.mailers.message import is_address
from services.notify.store import plan_periods
from shared.contracts.checkout import ChargeDisputed, ChargeRefunded, ChargeSucceeded, DisputeClosed
from shared.contracts.envelope import Event, Received
from shared.contracts.links import LinkEvent, OrganizationUpdated
from shared.contracts.notify import (
    PlanPeriodClosed,
    PlanPeriodEvent,
    PlanPeriodRenewed,
    PlanPeriodReopened,
    PlanPeriodStarted,
)
from shared.runtime import outbox
from shared.runtime.postgres import Transaction


class Change(msgspec.Struct, frozen=True):
    """What was known of a payment before, if anything, and what is now."""

    before: Payment | None
    after: Payment


async def take_plan_payments(tx: Transaction, received: Sequence[Received], *, now: datetime) -> None:
    told: dict[UUID, Payment] = {}
    traceparents: dict[UUID, str | None] = {}
    for one in received:
        payment = _told(one.event)
        if payment is not None:
            before = told.get(payment.charge_id)
            told[payment.charge_id] = payment if before is None else _together(before, payment)
            traceparents[payment.charge_id] = one.traceparent
    if not told:
        return
    before = await plan_periods.lock_payments(tx, sorted(told))
    noted = await plan_periods.note_payments(tx, list(told.values()))
    changes = [Change(before.get(one.charge_id), one) for one in noted if one.link_id is not None]
    if changes:
        facts = await _work_out(tx, changes, now)
        await outbox.add(tx, facts, now=now, traceparents=[traceparents[fact.charge_id] for fact in facts])


async def look_again(tx: Transaction, received: Sequence[Received], *, now: datetime) -> None:
    """What changes at a link or its organization may change who is to be reminded, and when."""
    links = {one.event.link.id for one in received if isinstance(one.event, LinkEvent)}
    orgs = {one.event.org_id for one in received if isinstance(one.event, OrganizationUpdated)}
    await plan_periods.look_again(tx, link_ids=sorted(links), org_ids=sorted(orgs), now=now)


def _told(event: Event) -> Payment | None:
    match event:
        case ChargeSucceeded(link_id=UUID() as link_id, plan=plan) if makes_a_period(plan):
            address = (event.customer.email or "").strip()
            if not is_address(address):
                return None
            return Payment(
                charge_id=event.charge_id,
                org_id=event.org_id,
                link_id=link_id,
                address=address.lower(),
                to_address=address,
                locale=event.locale,
                timezone=event.timezone,
                livemode=event.livemode,
                plan=plan,
                paid_at=event.at,
            )
        case ChargeRefunded() if event.refunded.minor >= event.total.minor:
            return Payment(charge_id=event.charge_id, org_id=event.org_id, refunded_at=event.at)
        case ChargeDisputed() if event.amount.minor >= event.total.minor:
            return Payment(charge_id=event.charge_id, org_id=event.org_id, disputed_at=event.at)
        case DisputeClosed(outcome="won"):
            return Payment(charge_id=event.charge_id, org_id=event.org_id, won_at=event.at)
        case _:
            return None


def _together(one: Payment, other: Payment) -> Payment:
    """Two facts about one charge that came in one batch."""
    named = {name: value for name in Payment.__struct_fields__ if (value := getattr(other, name)) is not None}
    return msgspec.structs.replace(one, **named)


async def _work_out(tx: Transaction, changes: Sequence[Change], now: datetime) -> list[PlanPeriodEvent]:
    by_who: dict[plan_periods.Who, list[Change]] = {}
    for change in changes:
        by_who.setdefault(_who(change.after), []).append(change)
    buyers = await plan_periods.lock_buyers(tx, [_buyer(those[0].after) for those in by_who.values()])
    payments = await plan_periods.payments_of(tx, list(by_who))
    facts: list[PlanPeriodEvent] = []
    looks: list[tuple[Buyer, datetime | None]] = []
    for old in buyers:
        who = (old.link_id, old.address)
        new = _as_paid(old, payments[who], now)
        facts += _facts(old, new, payments[who], changes=by_who[who])
        looks.append((new, now))
    await plan_periods.write_buyers(tx, looks)
    return facts


def _as_paid(old: Buyer, payments: Sequence[Payment], now: datetime) -> Buyer:
    newest = max(payments, key=lambda one: (one.paid_at, one.charge_id))
    quit_ = newest.closed is not None
    found = periods(payments)
    if not found:
        return msgspec.structs.replace(old, starts_at=None, paid_until=None, quit=True, lapsed_at=None, ended_at=now)
    last = found[-1]
    paid = next(one for one in payments if one.charge_id == last.charge_id)
    assert paid.plan is not None
    assert paid.paid_at is not None
    same = old.paid_until == last.ends_at
    return msgspec.structs.replace(
        old,
        to_address=paid.to_address,
        locale=paid.locale,
        livemode=paid.livemode,
        plan_id=paid.plan.plan_id,
        charge_id=paid.charge_id,
        starts_at=last.starts_at,
        paid_until=last.ends_at,
        quit=quit_,
        lapsed_at=old.lapsed_at if same else None,
        ended_at=old.ended_at if same else None,
        told_since=max(old.told_since, paid.paid_at),
    )


def _facts(old: Buyer, new: Buyer, payments: Sequence[Payment], *, changes: Sequence[Change]) -> list[PlanPeriodEvent]:
    """In the order of their payments. Who had nothing, or was done with, starts; everybody else renews."""
    found = {one.charge_id: one for one in periods(payments)}
    runs = old.paid_until is not None and old.ended_at is None
    facts: list[PlanPeriodEvent] = []
    for change in sorted(changes, key=lambda one: (one.after.paid_at, one.after.charge_id)):
        one, before = change.after, change.before
        was_paid = before is not None and before.link_id is not None
        closed = before.closed if before is not None and was_paid else None
        period = found.get(one.charge_id)
        if period is not None and not was_paid:
            fact = PlanPeriodRenewed if runs else PlanPeriodStarted
            facts.append(fact(**_about(one, new, at=one.paid_at), starts_at=period.starts_at, ends_at=period.ends_at))
            runs = True
        elif was_paid and closed is None and one.closed is not None:
            at = one.refunded_at or one.disputed_at
            facts.append(PlanPeriodClosed(**_about(one, new, at=at), reason=one.closed))
        elif was_paid and closed is not None and one.closed is None:
            facts.append(PlanPeriodReopened(**_about(one, new, at=one.won_at)))
    return facts


def _about(payment: Payment, buyer: Buyer, *, at: datetime | None) -> dict[str, Any]:
    assert payment.plan is not None
    return {
        "org_id": payment.org_id,
        "link_id": payment.link_id,
        "charge_id": payment.charge_id,
        "plan_id": payment.plan.plan_id,
        "paid_until": buyer.paid_until,
        "livemode": payment.livemode,
        "at": at,
    }


def _who(payment: Payment) -> plan_periods.Who:
    assert payment.link_id is not None
    assert payment.address is not None
    return payment.link_id, payment.address


def _buyer(payment: Payment) -> Buyer:
    """Of whom nothing is known yet."""
    link_id, address = _who(payment)
    assert payment.plan is not None
    assert payment.paid_at is not None
    return Buyer(
        link_id=link_id,
        address=address,
        org_id=payment.org_id,
        to_address=payment.to_address or address,
        locale=payment.locale or "en",
        livemode=payment.livemode is True,
        plan_id=payment.plan.plan_id,
        charge_id=payment.charge_id,
        told_since=payment.paid_at,
    )
