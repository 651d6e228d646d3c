"""What a link earned."""

from datetime import datetime

import msgspec

from services.links.domain.link import Uses
from shared.kernel.money import Money


class Earned(msgspec.Struct, frozen=True):
    """Captured money of settled uses in one currency."""

    revenue: Money
    paid_count: int
    last_paid_at: datetime


class Aside(msgspec.Struct, frozen=True):
    """Captured money that counted as no use."""

    total: Money
    charges: int


class Refunded(msgspec.Struct, frozen=True):
    """Money that was given back. `of_revenue` is the part of it that had counted: revenue less that is the net."""

    total: Money
    of_revenue: Money
    refunds: int


class Stats(msgspec.Struct, frozen=True):
    uses: Uses
    earned: tuple[Earned, ...]
    unsettled: tuple[Aside, ...]
    refunded: tuple[Refunded, ...] = ()
