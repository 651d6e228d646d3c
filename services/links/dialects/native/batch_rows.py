import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import msgspec

from services.links.dialects.native.mapping.links import draft_of
from services.links.dialects.native.wire import batches as wire
from services.links.dialects.native.wire.links import CreatePaymentLink
from services.links.domain.drafts import LinkDraft
from services.links.domain.link_batch import LinkBatch, Row, RowFault
from shared.runtime.body import decode
from shared.runtime.problems import KINDS

ERROR_COLUMNS: Final = ("row", "code", "field", "rule")
_CREATE: Final = msgspec.json.Decoder(CreatePaymentLink, float_hook=Decimal)
# What spreadsheets take for the beginning of a formula: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 - the wide ones count, too


def draft_of_row(body: bytes) -> LinkDraft:
    """Raises: Invalid."""
    return draft_of(decode(body, _CREATE))


def batch_out(batch: LinkBatch) -> wire.Batch:
    return wire.Batch(
        id=batch.id,
        state=batch.state,
        dry_run=batch.dry_run,
        total=batch.total,
        pending=batch.total - batch.created - batch.valid - batch.failed,
        created=batch.created,
        valid=batch.valid,
        failed=batch.failed,
        created_by=batch.created_by,
        livemode=batch.livemode,
        created_at=batch.created_at,
        finished_at=batch.finished_at,
    )


def row_out(row: Row, *, public_url: str) -> wire.BatchRow:
    return wire.BatchRow(
        row=row.number,
        state=row.state,
        link_id=row.link_id,
        slug=row.slug,
        url=f"{public_url}/checkout/{row.slug}" if row.link_id else None,
        error=_error_out(row.fault) if row.fault else None,
    )


def errors_csv(rows: Sequence[Row]) -> bytes:
    """RFC 4180, with a header. What a spreadsheet would take for a formula is text in it."""
    text = io.StringIO()
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(ERROR_COLUMNS)
    for row in rows:
        if row.fault is not None:
            error = _error_out(row.fault)
            writer.writerow([row.number, *(harmless(cell or "") for cell in (error.code, error.field, error.rule))])
    return text.getvalue().encode()


def harmless(cell: str) -> str:
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell


def _error_out(fault: RowFault) -> wire.RowError:
    kind = KINDS.get(fault.code, KINDS["internal"])
    return wire.RowError(fault.code, fault.field, fault.rule or kind.title)
