from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from services.links.domain import texts
from services.links.domain.faults import PlanArchived
from services.links.domain.pricing import OfPlan
from services.links.domain.product import DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX, check_price
from shared.kernel.faults import Invalid
from shared.kernel.money import Money

Interval = Literal["day", "week", "month", "quarter", "year"]
INTERVAL_COUNT_MAX: Final = 365


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`price` is due every `interval_count` intervals."""

    id: UUID
    org_id: UUID
    livemode: bool
    name: str
    description: str | None = None
    price: Money
    interval: Interval
    interval_count: int = 1
    metadata: dict[str, Any] = {}
    active: bool = True
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    def priced(self) -> OfPlan:
        """A snapshot for a link.

        Raises:
            PlanArchived: it is no longer sold.
        """
        if not self.active:
            raise PlanArchived(plan_id=self.id)
        return OfPlan(self.id, self.name, self.price, self.interval, self.interval_count)


class PlanDraft(msgspec.Struct, frozen=True, kw_only=True):
    """UNSET is not named."""

    name: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    price: Money | UnsetType = UNSET
    interval: Interval | UnsetType = UNSET
    interval_count: int | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
    active: bool | UnsetType = UNSET


def check(draft: PlanDraft) -> None:
    """Raises Invalid or UnknownCurrency when something that is named cannot be accepted."""
    if draft.name is not UNSET:
        texts.check_name("name", draft.name, chars_max=NAME_CHARS_MAX)
    if draft.description is not UNSET:
        texts.check_text("description", draft.description, chars_max=DESCRIPTION_CHARS_MAX)
    if draft.price is not UNSET:
        check_price("price", draft.price)
    if draft.interval_count is not UNSET and not 1 <= draft.interval_count <= INTERVAL_COUNT_MAX:
        raise Invalid("interval_count", f"must be from 1 to {INTERVAL_COUNT_MAX}")
    if draft.metadata is not UNSET:
        texts.check_metadata(draft.metadata)
