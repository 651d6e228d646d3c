"""Examples of what looks into a payment link, and of batches."""

from typing import Any, Final

from services.links.dialects.native.examples import CREATE_LINK, LINK

_AT: Final = "2026-11-21T09:00:00Z"
_BATCH_ID: Final = "01932c09-0000-7000-8000-00000000000a"

ELIGIBILITY: Final[dict[str, Any]] = {
    "link_id": LINK["id"],
    "eligible": False,
    "state": "paused",
    "checked_at": "2026-11-21T10:00:00Z",
    "failing": [
        {
            "code": "paused",
            "blocking": True,
            "since": _AT,
            "until": None,
            "about": None,
            "next_step": "Resume the link.",
        }
    ],
}
TIMELINE: Final[dict[str, Any]] = {
    "link": LINK,
    "as_of": None,
    "data": [
        {
            "revision": 2,
            "change": "updated",
            "by": "key:k7q2m9x4bt3w",
            "at": _AT,
            "fields": [{"field": "title", "old": "Invoice 123", "new": "Invoice #123"}],
        }
    ],
    "has_more": True,
    "next_cursor": "Mg",
}
FEED: Final[dict[str, Any]] = {
    "data": [
        {
            "seq": 4,
            "id": "01932c08-2222-7000-8000-000000000001",
            "type": "links.use.settled",
            "at": _AT,
            "data": {
                "org_id": "01932c06-0000-7000-8000-000000000001",
                "link_id": LINK["id"],
                "session_id": "01932c08-0000-7000-8000-000000000000",
                "uses": {"used": 1, "held": 0, "version": 2},
                "uses_max": 2,
                "charge_id": "01932c08-1111-7222-8333-444455556666",
            },
        }
    ],
    "last_seq": 4,
    "has_more": False,
}
SLUG_AVAILABILITY: Final[dict[str, Any]] = {
    "slug": "invoice-123",
    "available": False,
    "reason": "taken",
    "rule": None,
    "suggestions": ["invoice-123-2", "invoice-123-x7k2wq", "invoice-123-m4p9ad"],
}
CREATE_BATCH: Final[dict[str, Any]] = {"items": [CREATE_LINK]}
BATCH_CSV: Final = "title,currency,amount_minor,slug\r\nInvoice #124,UGX,50000,invoice-124\r\n"
BATCH: Final[dict[str, Any]] = {
    "id": _BATCH_ID,
    "state": "finished",
    "dry_run": False,
    "total": 2,
    "pending": 0,
    "created": 1,
    "valid": 0,
    "failed": 1,
    "created_by": "key:k7q2m9x4bt3w",
    "livemode": False,
    "created_at": _AT,
    "finished_at": "2026-11-21T09:00:01Z",
}
BATCH_ROWS: Final[dict[str, Any]] = {
    "data": [
        {
            "row": 1,
            "state": "created",
            "link_id": LINK["id"],
            "slug": LINK["slug"],
            "url": LINK["url"],
            "error": None,
        },
        {
            "row": 2,
            "state": "failed",
            "link_id": None,
            "slug": None,
            "url": None,
            "error": {"code": "invalid", "field": "pricing.amount_minor", "rule": "Expected 'int' >= 1"},
        },
    ],
    "has_more": False,
    "next_cursor": None,
}
