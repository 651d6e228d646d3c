from typing import Final, get_args
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.links.dialects.native.batch_rows import batch_out, errors_csv, row_out
from services.links.dialects.native.mapping.csv_rows import rows_of
from services.links.dialects.native.routes.call import NativeRequest, answer_of, begin, ok, respond
from services.links.dialects.native.routes.query import dry_run, query, whole
from services.links.dialects.native.wire.batches import BatchIn, BatchRows
from services.links.domain.link_batch import ROWS_MAX, LinkBatch, RowState, WantedRow
from services.links.use_cases.open_batch import get_batch, list_rows, open_batch
from shared.kernel.answer import Answer
from shared.kernel.faults import Invalid
from shared.runtime.body import invalid_from
from shared.runtime.listing import choice, cursor_of

ROOT: Final = "/v1/payment-links/batches"
BYTES_MAX: Final = 1024 * 1024
"""Of this one request; deploy/caddy lets as much through to this one path."""
_BATCH: Final = msgspec.json.Decoder(BatchIn)
_STATES: Final[tuple[RowState, ...]] = get_args(RowState)


@post(ROOT, status_code=202, request_max_body_size=BYTES_MAX)
async def create(request: NativeRequest) -> ASGIResponse:
    call = await begin(request, "links:write")
    dry = dry_run(request)
    media = (call.header(b"content-type") or "application/json").split(";")[0].strip().lower()
    rows = _rows(media, await call.raw())
    answer = await open_batch(
        call.pg,
        call.actor,
        rows=rows,
        dry_run=dry,
        key=await call.once(f"payment-links/batches {media}{' dry_run' if dry else ''}"),
        render=_rendered,
        now=call.now,
    )
    return respond(answer)


@get(ROOT + "/{batch_id:uuid}")
async def one(request: NativeRequest, batch_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "links:read")
    return ok(batch_out(await get_batch(call.pg, call.actor, batch_id)))


@get(ROOT + "/{batch_id:uuid}/rows")
async def rows(request: NativeRequest, batch_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "links:read")
    asked = call.listing(("state",))
    found = await list_rows(
        call.pg,
        call.actor,
        batch_id,
        beyond=0 if asked.after is None else whole("cursor", asked.after, 0, most=ROWS_MAX),
        limit=asked.limit + 1,
        state=choice(asked.filters, "state", _STATES),
    )
    shown = found[: asked.limit]
    more = len(found) > len(shown)
    out = [row_out(row, public_url=call.pages_url) for row in shown]
    return ok(BatchRows(out, more, cursor_of(str(shown[-1].number)) if more else None))


@get(ROOT + "/{batch_id:uuid}/errors")
async def errors(request: NativeRequest, batch_id: FromPath[UUID]) -> ASGIResponse:
    """The rows that failed, as a file for a spreadsheet."""
    call = await begin(request, "links:read")
    query(request, ())
    failed = await list_rows(call.pg, call.actor, batch_id, beyond=0, limit=ROWS_MAX, state="failed")
    name = f'attachment; filename="batch-{batch_id}-errors.csv"'
    return ASGIResponse(
        body=errors_csv(failed),
        media_type="text/csv",
        headers=[("content-disposition", name), ("x-content-type-options", "nosniff"), ("cache-control", "no-store")],
    )


def _rows(media: str, raw: bytes) -> list[WantedRow]:
    if len(raw) > BYTES_MAX:
        raise Invalid("", f"body is larger than {BYTES_MAX} bytes")
    match media:
        case "text/csv":
            return rows_of(raw, rows_max=ROWS_MAX)
        case "application/json":
            return _items(raw)
        case _:
            raise Invalid("Content-Type", "must be application/json or text/csv")


def _items(raw: bytes) -> list[WantedRow]:
    try:
        items = _BATCH.decode(raw).items
    except msgspec.ValidationError as error:
        raise invalid_from(error) from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise Invalid("", "body is not valid JSON") from None
    if not 1 <= len(items) <= ROWS_MAX:
        raise Invalid("items", f"must have 1 to {ROWS_MAX} items")
    return [WantedRow(bytes(item)) for item in items]


def _rendered(batch: LinkBatch) -> Answer:
    return answer_of(batch_out(batch), status=202)


HANDLERS: Final = [create, one, rows, errors]
