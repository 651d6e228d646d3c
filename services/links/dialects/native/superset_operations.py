"""The operations that look into a payment link, and those that make many at once."""

from typing import Final, get_args

from services.links.dialects.native import qr, superset_examples
from services.links.dialects.native.link_operations import DRY_RUN, LINK
from services.links.dialects.native.wire import batches, insight
from shared.runtime.operation import PAGE, Operation, Query

_BATCHES: Final = "/v1/payment-links/batches"
_BATCH: Final = f"{_BATCHES}/{{batch_id}}"
_ORDER: Final[Query] = (
    ("order", {"type": "string", "enum": ["newest", "oldest"], "default": "newest"}),
    ("as_of", {"type": "string", "format": "date-time", "description": "The payment link as it was then."}),
)
_AFTER: Final[Query] = (
    ("after_seq", {"type": "integer", "minimum": 0, "default": 0, "description": "`last_seq` of the answer before."}),
    ("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 100}),
)
_PICTURE: Final[Query] = (
    ("format", {"type": "string", "enum": list(get_args(qr.Format)), "default": "svg"}),
    (
        "size",
        {
            "type": "integer",
            "minimum": qr.SIZE_MIN,
            "maximum": qr.SIZE_MAX,
            "default": qr.SIZE_DEFAULT,
            "description": "Width in pixels. A PNG is as wide as whole pixels a module allow.",
        },
    ),
)
_ROW_STATE: Final[Query] = (("state", {"type": "string", "enum": list(get_args(batches.RowState))}),)

SUPERSET: Final = (
    Operation(
        method="get",
        path=f"{LINK}/eligibility",
        id="getEligibility",
        summary="Whether a buyer may begin now, and every rule that fails",
        scope="links:read",
        answer=insight.Eligibility,
        answer_example=superset_examples.ELIGIBILITY,
    ),
    Operation(
        method="get",
        path=f"{LINK}/timeline",
        id="getTimeline",
        summary="Who changed what and when; the payment link as it was",
        scope="links:read",
        answer=insight.Timeline,
        answer_example=superset_examples.TIMELINE,
        query=PAGE + _ORDER,
    ),
    Operation(
        method="get",
        path=f"{LINK}/events",
        id="listLinkEvents",
        summary="Every fact about a payment link, numbered without gaps",
        scope="links:read",
        answer=insight.Feed,
        answer_example=superset_examples.FEED,
        query=_AFTER,
    ),
    Operation(
        method="get",
        path=f"{LINK}/qr",
        id="getQrCode",
        summary="The address of a payment link as a picture",
        scope="links:read",
        media=tuple(qr.MEDIA_TYPES.values()),
        query=_PICTURE,
    ),
    Operation(
        method="get",
        path="/v1/payment-links/slug-availability",
        id="getSlugAvailability",
        summary="Whether a slug is free, and what is near it",
        scope="links:read",
        answer=insight.SlugAvailability,
        answer_example=superset_examples.SLUG_AVAILABILITY,
        query=(("slug", {"type": "string", "minLength": 1, "maxLength": 200}),),
    ),
    Operation(
        method="post",
        path=_BATCHES,
        id="createBatch",
        summary="Make up to 500 payment links, in the background",
        scope="links:write",
        status=202,
        body=batches.CreateBatch,
        body_example=superset_examples.CREATE_BATCH,
        body_also={"text/csv": superset_examples.BATCH_CSV},
        answer=batches.Batch,
        answer_example=superset_examples.BATCH,
        query=DRY_RUN,
    ),
    Operation(
        method="get",
        path=_BATCH,
        id="getBatch",
        summary="How far a batch is",
        scope="links:read",
        answer=batches.Batch,
        answer_example=superset_examples.BATCH,
    ),
    Operation(
        method="get",
        path=f"{_BATCH}/rows",
        id="listBatchRows",
        summary="What became of each row",
        scope="links:read",
        answer=batches.BatchRows,
        answer_example=superset_examples.BATCH_ROWS,
        query=PAGE + _ROW_STATE,
    ),
    Operation(
        method="get",
        path=f"{_BATCH}/errors",
        id="getBatchErrors",
        summary="The rows that failed, as a file for a spreadsheet",
        scope="links:read",
        media=("text/csv",),
    ),
)
