from typing import assert_never

from msgspec import UNSET

from services.links.dialects.native.mapping.links import utc
from services.links.dialects.native.wire import coupons as wire
from services.links.domain.coupon import AmountOff, Coupon, CouponDraft, Off, PercentOff
from shared.kernel.money import Money


def coupon_draft(body: wire.CreateCoupon | wire.PatchCoupon) -> CouponDraft:
    """Raises Invalid for a time that no calendar has."""
    creating = isinstance(body, wire.CreateCoupon)
    return CouponDraft(
        code=body.code if creating else UNSET,
        off=UNSET if body.discount is UNSET else _off(body.discount),
        currency=body.currency,
        expires_at=utc("expires_at", body.expires_at),
        redemptions_max=body.redemptions_max,
        metadata={} if body.metadata is None else body.metadata,
        active=UNSET if creating else body.active,
    )


def coupon_out(coupon: Coupon) -> wire.Coupon:
    uses = coupon.redemptions
    return wire.Coupon(
        id=coupon.id,
        code=coupon.code,
        discount=_discount_out(coupon.off),
        currency=coupon.currency,
        expires_at=coupon.expires_at,
        redemptions=wire.RedemptionsOut(uses.max, uses.redeemed, uses.held, uses.remaining),
        metadata=coupon.metadata,
        active=coupon.active,
        livemode=coupon.livemode,
        revision=coupon.revision,
        created_at=coupon.created_at,
        updated_at=coupon.updated_at,
    )


def _off(discount: wire.PercentIn | wire.AmountIn) -> Off:
    match discount:
        case wire.PercentIn(basis_points):
            return PercentOff(basis_points)
        case wire.AmountIn(amount_minor, currency):
            return AmountOff(Money(amount_minor, currency))
        case _:
            assert_never(discount)


def _discount_out(off: Off) -> wire.PercentOut | wire.AmountOut:
    match off:
        case PercentOff(basis_points):
            return wire.PercentOut(basis_points)
        case AmountOff(amount):
            return wire.AmountOut(amount.minor, amount.currency)
        case _:
            assert_never(off)
