"""Coupons: what they take off, and why one would be refused. The counters move with the use of the link."""

import re
from datetime import datetime, timedelta
from typing import Any, Final, assert_never
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from services.links.domain import texts
from services.links.domain.faults import CouponRefusal, CouponRefused
from services.links.domain.product import check_price
from shared.kernel.faults import Invalid
from shared.kernel.money import Money, exponent

CODE_CHARS_MAX: Final = 40
BASIS_POINTS_MAX: Final = 10_000
REDEMPTIONS_MAX_MAX: Final = 10**9
_CODE: Final = re.compile(r"[A-Za-z0-9-]{1,40}")
_YEARS_AHEAD: Final = timedelta(days=366 * 50)


class PercentOff(msgspec.Struct, frozen=True, tag="percent"):
    """2500 basis points are 25 %."""

    basis_points: int


class AmountOff(msgspec.Struct, frozen=True, tag="amount"):
    amount: Money


Off = PercentOff | AmountOff


class Redemptions(msgspec.Struct, frozen=True):
    """`max` None is unlimited. `held` are those of buyers who are paying now. `version` counts every change."""

    max: int | None = None
    redeemed: int = 0
    held: int = 0
    version: int = 0

    @property
    def remaining(self) -> int | None:
        """How many more buyers may begin with it now."""
        return None if self.max is None else max(0, self.max - self.redeemed - self.held)


class Coupon(msgspec.Struct, frozen=True, kw_only=True):
    """`code` is in upper case. `currency` is the only one it counts in; an amount counts in its own only."""

    id: UUID
    org_id: UUID
    livemode: bool
    code: str
    off: Off
    currency: str | None = None
    expires_at: datetime | None = None
    redemptions: Redemptions = Redemptions()
    metadata: dict[str, Any] = {}
    active: bool = True
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    def counts_in(self, currency: str) -> bool:
        own = self.off.amount.currency if isinstance(self.off, AmountOff) else currency
        return currency == own and self.currency in {None, currency}

    def refusal(self, currency: str, now: datetime) -> CouponRefusal | None:
        """Why nobody may begin with it now, whatever is bought; None when one may."""
        if not self.active:
            return "inactive"
        if self.expires_at is not None and self.expires_at <= now:
            return "expired"
        if self.redemptions.remaining == 0:
            return "exhausted"
        return None if self.counts_in(currency) else "currency"


class CouponDraft(msgspec.Struct, frozen=True, kw_only=True):
    """UNSET is not named. A code is chosen once."""

    code: str | UnsetType = UNSET
    off: Off | UnsetType = UNSET
    currency: str | UnsetType | None = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    redemptions_max: int | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


def discount(coupon: Coupon, subtotal: Money) -> Money:
    """What comes off `subtotal`: a percentage is rounded half up to whole minor units.

    It is always less than the subtotal. A coupon that would leave nothing to pay (100 %, or an amount that is not less
    than what is bought) is refused: no provider charges nothing, and asking for a little after all would be a surprise.

    Raises:
        CouponRefused: `currency` or `leaves_nothing`.
    """
    if not coupon.counts_in(subtotal.currency):
        raise CouponRefused("currency")
    match coupon.off:
        case PercentOff(basis_points):
            off_minor = (subtotal.minor * basis_points + BASIS_POINTS_MAX // 2) // BASIS_POINTS_MAX
        case AmountOff(amount):
            off_minor = amount.minor
        case _:
            assert_never(coupon.off)
    if off_minor >= subtotal.minor:
        raise CouponRefused("leaves_nothing")
    return Money(off_minor, subtotal.currency)


def code_of(text: str) -> str:
    """A code as it is kept, however a buyer writes it.

    Raises:
        Invalid: it can be no code.
    """
    code = text.strip()
    # Before it is written in upper case: there "ß" becomes "SS".
    if not _CODE.fullmatch(code):
        raise Invalid("code", f"must be 1 to {CODE_CHARS_MAX} letters, digits or hyphens")
    return code.upper()


def check(draft: CouponDraft, now: datetime) -> None:
    """Raises Invalid or UnknownCurrency when something that is named cannot be accepted."""
    if draft.code is not UNSET:
        code_of(draft.code)
    match draft.off:
        case PercentOff(basis_points) if not 1 <= basis_points <= BASIS_POINTS_MAX:
            raise Invalid("discount.basis_points", f"must be from 1 to {BASIS_POINTS_MAX}")
        case AmountOff(amount):
            check_price("discount", amount)
        case _:
            pass
    if isinstance(draft.currency, str):
        exponent(draft.currency)
    if isinstance(draft.expires_at, datetime) and not now < draft.expires_at <= now + _YEARS_AHEAD:
        raise Invalid("expires_at", "must be in the future and within 50 years")
    if isinstance(draft.redemptions_max, int) and not 1 <= draft.redemptions_max <= REDEMPTIONS_MAX_MAX:
        raise Invalid("redemptions_max", f"must be from 1 to {REDEMPTIONS_MAX_MAX}, or null")
    if draft.metadata is not UNSET:
        texts.check_metadata(draft.metadata)


def check_whole(coupon: Coupon) -> Coupon:
    """The coupon, if it counts in any currency at all. Raises: Invalid: it is of another than its amount."""
    if isinstance(coupon.off, AmountOff) and coupon.currency not in {None, coupon.off.amount.currency}:
        raise Invalid("currency", "must be the currency of the amount, or be left out")
    return coupon
