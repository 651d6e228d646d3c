"""What happens to one buyer's use of a link: held, then settled or released; or refused, when money came too late.

Pure decisions, made while the link's counters are locked. All of them may be repeated and come in any order.
"""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from services.links.domain.coupon import Redemptions
from services.links.domain.link import Gate, Refusal, Uses
from shared.contracts.links import (
    CouponRefusal,
    HoldUse,
    LateSuccessPolicy,
    ReleaseUse,
    SettleUse,
    UseEvent,
    UseHeld,
    UseRefused,
    UseReleased,
    UseSettled,
)
from shared.kernel.money import Money

State = Literal["held", "settled", "released", "refused"]


class Use(msgspec.Struct, frozen=True, kw_only=True):
    """`charge_id` is the charge that it is held for, or that paid it. `held_until` is there while it is held.

    A redemption of the coupon is held while the use is, and counts when it does.
    """

    session_id: UUID
    link_id: UUID
    charge_id: UUID
    state: State
    held_until: datetime | None = None
    total: Money | None = None
    coupon_id: UUID | None = None


class Standing(msgspec.Struct, frozen=True):
    """What is known when a decision is made. `known_unsettled`: this charge's money was put aside before.

    `coupon` counts the coupon that the use has, or that is asked for; None without one.
    """

    gate: Gate
    use: Use | None
    known_unsettled: bool = False
    coupon: Redemptions | None = None

    @property
    def coupon_full(self) -> bool:
        return self.coupon is not None and self.coupon.remaining == 0


class Unsettled(msgspec.Struct, frozen=True):
    """Captured money that counts as no use."""

    charge_id: UUID
    session_id: UUID
    total: Money
    policy: LateSuccessPolicy


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What follows. Nothing is written where `use`, `uses`, `earned` and `unsettled` are None.

    `taken_back` is a charge whose money was put aside and counts after all.
    """

    use: Use | None = None
    uses: Uses | None = None
    fact: UseEvent | None = None
    earned: Money | None = None
    unsettled: Unsettled | None = None
    taken_back: UUID | None = None
    refusal: Refusal | None = None
    all_held: bool = False
    coupon_refusal: CouponRefusal | None = None


def hold(standing: Standing, ask: HoldUse, now: datetime) -> Change:
    """Keeps one use for the session, or says why not. Asking again extends the hold and takes the new charge."""
    gate, use = standing.gate, standing.use
    if use is not None and use.state == "settled" and use.charge_id == ask.charge_id:
        return Change()
    # The session was paid, by another charge too: one more would take the buyer's money a second time.
    if use is not None and use.state in {"settled", "refused"}:
        return Change(refusal=gate.closed(now) or Refusal("exhausted", None))
    held = use is not None and use.state == "held"
    if held and use is not None and use.charge_id == ask.charge_id:
        return _extended(use, ask.held_until)
    if (refused := _no_new_hold(standing, ask, now, held=held)) is not None:
        return refused
    uses = _counted(gate.uses, now, held=0 if held else 1)
    kept = Use(
        session_id=ask.session_id,
        link_id=ask.link_id,
        charge_id=ask.charge_id,
        state="held",
        held_until=ask.held_until,
        coupon_id=(use.coupon_id if use else None) or ask.coupon_id,
    )
    fact = UseHeld(
        org_id=ask.org_id,
        link_id=ask.link_id,
        session_id=ask.session_id,
        uses=uses.view,
        uses_max=uses.max,
        held_until=ask.held_until,
    )
    return Change(use=kept, uses=uses, fact=fact)


def _no_new_hold(standing: Standing, ask: HoldUse, now: datetime, *, held: bool) -> Change | None:
    """Why nobody may begin with it now; who holds a use already needs no other, nor another redemption."""
    if refusal := standing.gate.refusal(now):
        return Change(refusal=refusal)
    if held:
        return None
    if standing.gate.uses.remaining == 0:
        return Change(all_held=True)
    if ask.coupon_id is not None and standing.coupon is None:
        return Change(coupon_refusal="unknown")
    return Change(coupon_refusal="used_up") if standing.coupon_full else None


def extend(standing: Standing, charge_id: UUID, until: datetime) -> Change:
    """A pending charge keeps its use for as long as it is pending."""
    use = standing.use
    if use is None or use.state != "held" or use.charge_id != charge_id:
        return Change()
    return _extended(use, until)


def settle(standing: Standing, ask: SettleUse, at: datetime) -> Change:
    """The charge was captured at `at`: counts it once, or puts the money aside.

    It counts when the use is held, or when there is room again, for its coupon too. After the end or the expiry the
    link's policy decides; over the cap it never counts.
    """
    gate, use = standing.gate, standing.use
    if use is not None and use.charge_id == ask.charge_id and use.state in {"settled", "refused"}:
        return Change()
    if standing.known_unsettled:
        return Change()
    if use is not None and use.state == "settled":
        # The session was paid before, by another charge: this money buys nothing, whatever the policy says.
        policy: LateSuccessPolicy = "refund" if gate.late_payment_policy == "refund" else "review"
        return _put_aside(standing, ask, policy=policy, at=at)
    held = use is not None and use.state == "held"
    too_late = gate.over_at(at) and gate.late_payment_policy != "accept"
    no_room = not held and (gate.uses.remaining == 0 or standing.coupon_full)
    if too_late or no_room:
        return _put_aside(standing, ask, policy=gate.late_payment_policy, at=at)
    return _settled(standing, ask, _counted(gate.uses, at, used=1, held=-1 if held else 0))


def accept(standing: Standing, ask: SettleUse, at: datetime) -> Change:
    """The merchant keeps money that was put aside: it counts now, if a use is left and its session has none."""
    use = standing.use
    put_aside = standing.known_unsettled and use is not None and use.state == "refused"
    if not put_aside or standing.gate.uses.remaining == 0 or standing.coupon_full:
        return Change()
    uses = _counted(standing.gate.uses, at, used=1)
    return replace(_settled(standing, ask, uses), taken_back=ask.charge_id)


def release(standing: Standing, ask: ReleaseUse) -> Change:
    """Gives the use back, if it is still held for this very charge."""
    use = standing.use
    if use is None or use.charge_id != ask.charge_id:
        return Change()
    return _released(standing.gate, use, ask.org_id, reason=ask.reason)


def abandon(standing: Standing, org_id: UUID) -> Change:
    """The session is over without a charge under way: it needs no use any more."""
    if standing.use is None:
        return Change()
    return _released(standing.gate, standing.use, org_id, reason="abandoned")


def lapse(standing: Standing, org_id: UUID, now: datetime) -> Change:
    use = standing.use
    if use is None or use.held_until is None or use.held_until >= now:
        return Change()
    return _released(standing.gate, use, org_id, reason="lapsed")


def _released(gate: Gate, use: Use, org_id: UUID, *, reason: Literal["failed", "lapsed", "abandoned"]) -> Change:
    if use.state != "held":
        return Change()
    uses = replace(gate.uses, held=gate.uses.held - 1, version=gate.uses.version + 1)
    fact = UseReleased(
        org_id=org_id,
        link_id=use.link_id,
        session_id=use.session_id,
        uses=uses.view,
        uses_max=uses.max,
        reason=reason,
    )
    return Change(use=replace(use, state="released", held_until=None), uses=uses, fact=fact)


def _settled(standing: Standing, ask: SettleUse, uses: Uses) -> Change:
    return Change(
        use=_after(standing, ask, "settled"),
        uses=uses,
        earned=ask.total,
        fact=UseSettled(
            org_id=ask.org_id,
            link_id=ask.link_id,
            session_id=ask.session_id,
            charge_id=ask.charge_id,
            uses=uses.view,
            uses_max=uses.max,
        ),
    )


def _extended(use: Use, until: datetime) -> Change:
    if use.held_until is not None and use.held_until >= until:
        return Change()
    return Change(use=replace(use, held_until=until))


def _put_aside(standing: Standing, ask: SettleUse, *, policy: LateSuccessPolicy, at: datetime) -> Change:
    """The money is recorded and told, and a use that was held for it is free again."""
    gate, use = standing.gate, standing.use
    held = use is not None and use.state == "held"
    paid_before = use is not None and use.state == "settled"
    uses = _counted(gate.uses, at, held=-1 if held else 0)
    return Change(
        use=None if paid_before else _after(standing, ask, "refused"),
        uses=uses,
        unsettled=Unsettled(ask.charge_id, ask.session_id, ask.total, policy),
        fact=UseRefused(
            org_id=ask.org_id,
            link_id=ask.link_id,
            session_id=ask.session_id,
            charge_id=ask.charge_id,
            uses=uses.view,
            uses_max=uses.max,
            policy=policy,
        ),
    )


def _after(standing: Standing, ask: SettleUse, state: Literal["settled", "refused"]) -> Use:
    return Use(
        session_id=ask.session_id,
        link_id=ask.link_id,
        charge_id=ask.charge_id,
        state=state,
        total=ask.total,
        coupon_id=standing.use.coupon_id if standing.use else None,
    )


def _counted(uses: Uses, at: datetime, *, used: int = 0, held: int = 0) -> Uses:
    now_used = uses.used + used
    reached = uses.max is not None and now_used >= uses.max
    return Uses(
        max=uses.max,
        used=now_used,
        held=uses.held + held,
        version=uses.version + 1,
        exhausted_at=(uses.exhausted_at or at) if reached else None,
    )


def redemptions_after(before: Redemptions, use_before: Use | None, use_after: Use) -> Redemptions:
    """The coupon's counters follow its use: held while that is held, redeemed when that is settled."""
    state = use_before.state if use_before else None
    held = (use_after.state == "held") - (state == "held")
    redeemed = (use_after.state == "settled") - (state == "settled")
    if not held and not redeemed:
        return before
    return replace(before, held=before.held + held, redeemed=before.redeemed + redeemed, version=before.version + 1)
