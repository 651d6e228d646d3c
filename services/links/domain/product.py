from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from services.links.domain import texts
from services.links.domain.addresses import check_url
from services.links.domain.faults import ProductArchived
from services.links.domain.pricing import OfProduct
from shared.kernel.faults import Invalid
from shared.kernel.money import MINOR_MAX, Money, exponent

NAME_CHARS_MAX: Final = 200
DESCRIPTION_CHARS_MAX: Final = 5_000
_CROCKFORD: Final = "0123456789abcdefghjkmnpqrstvwxyz"
_DIGITS: Final = 26


class Product(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    org_id: UUID
    livemode: bool
    digital_id: str
    name: str
    description: str | None = None
    image_url: str | None = None
    price: Money
    metadata: dict[str, str]
    active: bool = True
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    def priced(self) -> OfProduct:
        """A snapshot for a link.

        Raises:
            ProductArchived: it is no longer sold.
        """
        if not self.active:
            raise ProductArchived(product_id=self.id)
        return OfProduct(self.id, self.name, self.price, self.description, self.image_url)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    org_id: UUID
    livemode: bool
    name: str
    price: Money
    interval: str
    created_at: datetime


def digital_id(product_id: UUID) -> str:
    """`prod_` and the id in 26 digits of Crockford's base 32, as in TypeID (https://github.com/jetify-com/typeid)."""
    number = product_id.int
    digits = [_CROCKFORD[(number >> shift) & 31] for shift in range(5 * (_DIGITS - 1), -1, -5)]
    return "prod_" + "".join(digits)


class ProductDraft(msgspec.Struct, frozen=True, kw_only=True):
    """UNSET is not named."""

    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    image_url: str | UnsetType | None = UNSET
    price: Money | UnsetType = UNSET
    metadata: dict[str, str] | UnsetType = UNSET
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
        exponent(draft.price.currency)
        if not 1 <= draft.price.minor <= MINOR_MAX:
            raise Invalid("price.amount_minor", f"must be from 1 to {MINOR_MAX}")
    if draft.metadata is not UNSET:
        texts.check_metadata(draft.metadata)
