from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from services.links.dialects.native.wire.links import CreatePaymentLink
from services.links.domain.link_batch import ROWS_MAX

RowState = Literal["pending", "created", "valid", "failed"]


class CreateBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Each item is what creates one payment link. An item that cannot be accepted fails alone."""

    items: Annotated[list[CreatePaymentLink], Meta(min_length=1, max_length=ROWS_MAX)]


class BatchIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`CreateBatch` whose items are read later, one by one."""

    items: list[msgspec.Raw]


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """`pending` + `created` + `valid` + `failed` is `total`. With `dry_run`, rows become valid instead of created."""

    id: UUID
    state: Literal["queued", "running", "finished"]
    dry_run: bool
    total: int
    pending: int
    created: int
    valid: int
    failed: int
    created_by: str
    livemode: bool
    created_at: datetime
    finished_at: datetime | None


class RowError(msgspec.Struct, frozen=True):
    """`code` as in a problem; `field` is the path in the item, of a CSV file, too (`pricing.amount_minor`)."""

    code: str
    field: str | None
    rule: str


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """`row` counts from 1; the header of a CSV file does not count. `slug` of a valid row is what it would get."""

    row: int
    state: RowState
    link_id: UUID | None
    slug: str | None
    url: str | None
    error: RowError | None


class BatchRows(msgspec.Struct, frozen=True):
    """In the order of the rows."""

    data: list[BatchRow]
    has_more: bool
    next_cursor: str | None
