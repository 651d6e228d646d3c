"""Many links from one request: rows that wait, and what became of each."""

from datetime import datetime
from typing import Final, Literal
from uuid import UUID

import msgspec

ROWS_MAX: Final = 500
RowState = Literal["pending", "created", "valid", "failed"]
# Where in a row the fault is that does not say so itself.
FIELDS: Final = {
    "slug_taken": "slug",
    "unknown_currency": "pricing.currency",
    "not_found": "pricing",
    "product_archived": "pricing.product_id",
    "plan_archived": "pricing.plan_id",
    "price_missing": "pricing.currency",
    "total_out_of_bounds": "pricing",
}


class RowFault(msgspec.Struct, frozen=True):
    """`code` as in a problem document. `rule` None: the code says it all."""

    code: str
    field: str | None = None
    rule: str | None = None


class WantedRow(msgspec.Struct, frozen=True):
    """One link as it was asked for, in the words of the dialect; or why it cannot even be read."""

    body: bytes | RowFault


class WaitingRow(msgspec.Struct, frozen=True):
    number: int
    body: bytes


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """`number` counts from 1; the header of a CSV file does not count."""

    number: int
    state: RowState
    link_id: UUID | None = None
    slug: str | None = None
    fault: RowFault | None = None


class LinkBatch(msgspec.Struct, frozen=True, kw_only=True):
    """With `dry_run` rows become valid instead of created. `finished_at` is when the last row was done."""

    id: UUID
    org_id: UUID
    livemode: bool
    created_by: str
    dry_run: bool
    total: int
    created: int = 0
    valid: int = 0
    failed: int = 0
    created_at: datetime
    finished_at: datetime | None = None

    @property
    def state(self) -> Literal["queued", "running", "finished"]:
        if self.finished_at is not None:
            return "finished"
        return "running" if self.created + self.valid + self.failed else "queued"
