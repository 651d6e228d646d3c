"""What a buyer's coupon takes off, for checkout. Nothing is held by asking."""

from datetime import datetime
from typing import Final

from services.links.domain.coupon import AmountOff, Coupon, PercentOff, code_of, discount
from services.links.domain.faults import CouponRefusal as OwnRefusal
from services.links.domain.faults import CouponRefused
from services.links.store import coupons, links
from shared.contracts.links import CouponFound, CouponMissing, CouponRefusal, FindCoupon, FindCouponReply
from shared.kernel.faults import Invalid
from shared.kernel.money import Money
from shared.runtime.postgres import Postgres

_TOLD: Final[dict[OwnRefusal, CouponRefusal]] = {
    # To a buyer, what the merchant switched off and what ran out of time are the same.
    "inactive": "expired",
    "expired": "expired",
    "exhausted": "used_up",
    "currency": "other_currency",
    "leaves_nothing": "leaves_nothing",
}


async def find_coupon(pg: Postgres, ask: FindCoupon, *, now: datetime) -> FindCouponReply:
    link = await links.find(pg, ask.link_id, org_id=ask.org_id, livemode=ask.livemode)
    if link is None or not link.coupons_allowed:
        return CouponMissing("not_allowed")
    try:
        code = code_of(ask.code)
    except Invalid:
        return CouponMissing("unknown")
    coupon = await coupons.find_by_code(pg, code, org_id=ask.org_id, livemode=ask.livemode)
    if coupon is None:
        return CouponMissing("unknown")
    # Where no amount is chosen yet, the currency is judged when it is.
    currency = ask.subtotal.currency if ask.subtotal else _own_currency(coupon)
    refusal = coupon.refusal(currency or "", now)
    if refusal is not None:
        return CouponMissing(_TOLD[refusal])
    try:
        return _found(coupon, discount(coupon, ask.subtotal) if ask.subtotal else None)
    except CouponRefused as refused:
        return CouponMissing(_TOLD[refused.reason])


def _own_currency(coupon: Coupon) -> str | None:
    return coupon.off.amount.currency if isinstance(coupon.off, AmountOff) else coupon.currency


def _found(coupon: Coupon, off: Money | None) -> CouponFound:
    return CouponFound(
        coupon_id=coupon.id,
        code=coupon.code,
        percent_bps=coupon.off.basis_points if isinstance(coupon.off, PercentOff) else None,
        amount=coupon.off.amount if isinstance(coupon.off, AmountOff) else None,
        currency=_own_currency(coupon),
        ends_at=coupon.expires_at,
        discount=off,
    )
