from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from services.links.domain import texts
from services.links.domain.addresses import check_url
from services.links.domain.faults import ProductArchived
from services.links.domain.pricing import OfProduct
from services.links.domain.typeid import as_typeid
from shared.kernel.faults import Invalid
from shared.kernel.money import MINOR_MAX, Money, exponent

NAME_CHARS_MAX: Final = 200
DESCRIPTION_CHARS_MAX: Final = 5_000
PRICES_MAX: Final = 20


class Product(msgspec.Struct, frozen=True, kw_only=True):
    """`price` is the main price; `more_prices` are those in other currencies. `image_url` is the preview image.

    `tax_rate_id` says how it is taxed in a cart; a link of the product alone costs its price as it stands.
    """

    id: UUID
    org_id: UUID
    livemode: bool
    digital_id: str
    name: str
    description: str | None = None
    image_url: str | None = None
    price: Money
    more_prices: tuple[Money, ...] = ()
    tax_rate_id: UUID | None = None
    metadata: dict[str, Any]
    active: bool = True
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def prices(self) -> tuple[Money, ...]:
        """The main price, and after it those in other currencies."""
        return (self.price, *self.more_prices)

    def price_in(self, currency: str) -> Money | None:
        return next((price for price in self.prices if price.currency == currency), None)

    def priced(self, price: Money | None = None) -> OfProduct:
        """A snapshot for a link; `price` is asked instead of the product's own.

        Raises:
            ProductArchived: it is no longer sold.
        """
        self.require_active()
        return OfProduct(
            self.id, self.name, price or self.price, self.description, self.image_url, digital_id=self.digital_id
        )

    def require_active(self) -> None:
        """Raises: ProductArchived."""
        if not self.active:
            raise ProductArchived(product_id=self.id)


def digital_id(product_id: UUID) -> str:
    return as_typeid("prod", product_id)


class ProductDraft(msgspec.Struct, frozen=True, kw_only=True):
    """UNSET is not named. `price` is the main price alone, `prices` are all of them, the main one first."""

    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    image_url: str | UnsetType | None = UNSET
    price: Money | UnsetType = UNSET
    prices: tuple[Money, ...] | UnsetType = UNSET
    tax_rate_id: UUID | UnsetType | None = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


def check(draft: ProductDraft, *, test_mode: bool) -> None:
    """Raises Invalid or UnknownCurrency when something that is named cannot be accepted."""
    if draft.name is not UNSET:
        texts.check_name("name", draft.name, chars_max=NAME_CHARS_MAX)
    if draft.description is not UNSET:
        texts.check_text("description", draft.description, chars_max=DESCRIPTION_CHARS_MAX)
    if isinstance(draft.image_url, str):
        check_url("image_url", draft.image_url, test_mode=test_mode)
    if draft.price is not UNSET:
        check_price("price", draft.price)
    if draft.prices is not UNSET:
        _check_prices(draft.prices, draft.price)
    if draft.metadata is not UNSET:
        texts.check_metadata(draft.metadata)


def prices_after(prices: tuple[Money, ...], draft: ProductDraft) -> tuple[Money, ...]:
    """All prices after the draft. A main price that is named alone leaves those in other currencies as they are."""
    if draft.prices is not UNSET:
        return draft.prices
    if draft.price is UNSET:
        return prices
    return (draft.price, *(price for price in prices[1:] if price.currency != draft.price.currency))


def check_price(field: str, price: Money) -> None:
    """Raises: Invalid: nothing, less than that, or too much; UnknownCurrency."""
    exponent(price.currency)
    if not 1 <= price.minor <= MINOR_MAX:
        raise Invalid(f"{field}.amount_minor", f"must be from 1 to {MINOR_MAX}")


def _check_prices(prices: tuple[Money, ...], main: Money | UnsetType) -> None:
    if not 1 <= len(prices) <= PRICES_MAX:
        raise Invalid("prices", f"must hold 1 to {PRICES_MAX} prices")
    if len({price.currency for price in prices}) != len(prices):
        raise Invalid("prices", "must name no currency twice")
    for price in prices:
        check_price("prices", price)
    if main is not UNSET and main != prices[0]:
        raise Invalid("price", "must be the first of prices, or be left out")
