"""What a page shows of a bill, as plain data. Amounts are minor units of the page's currency."""

from msgspec import Struct


class FixedPrice(Struct, frozen=True):
    minor: int
    currency: str


class Line(Struct, frozen=True):
    """`minor` is `quantity` times `unit_minor`, as the tax mode has it."""

    name: str
    quantity: int
    unit_minor: int
    minor: int


class Terms(Struct, frozen=True):
    """Every `count` intervals: `day`, `week`, `month`, `quarter`, `year`."""

    interval: str
    count: int = 1


class Coupon(Struct, frozen=True):
    """A code that was accepted. `off_minor` is in the page's currency; None where the amount is still to be chosen."""

    code: str
    off_minor: int | None = None
    percent_bps: int | None = None


class Bill(Struct, frozen=True, kw_only=True):
    """What the price is made of, all in the price's currency. `more` lines after those shown sum up to `more_minor`.

    `offered` are the totals in each currency that the buyer may pay in.
    """

    lines: tuple[Line, ...] = ()
    more: int = 0
    more_minor: int = 0
    tax_minor: int = 0
    tax_name: str | None = None
    tax_included: bool = False
    terms: Terms | None = None
    offered: tuple[FixedPrice, ...] = ()
