from typing import Any, Final

_ENDPOINT_ID: Final = "01930000-0000-7000-8000-00000000000b"
_AT: Final = "2027-03-05T11:05:00Z"

ENDPOINT: Final[dict[str, Any]] = {
    "id": _ENDPOINT_ID,
    "url": "https://shop.example/hooks/paylinks",
    "description": "Orders",
    "events": ["charge.*", "link.ended"],
    "enabled": True,
    "disabled_reason": None,
    "disabled_at": None,
    "failing_since": None,
    "previous_secret_until": None,
    "livemode": False,
    "created_at": _AT,
    "updated_at": _AT,
}
NEW_ENDPOINT: Final = ENDPOINT | {"secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"}  # pragma: allowlist secret
CREATE: Final = {"url": ENDPOINT["url"], "description": "Orders", "events": ENDPOINT["events"]}
PATCH: Final = {"events": ["*"], "enabled": True}
ROTATE: Final = {"overlap_seconds": 86400}
DELIVERY: Final[dict[str, Any]] = {
    "id": "01930000-0000-7000-8000-00000000000c",
    "endpoint_id": _ENDPOINT_ID,
    "event_id": "01930000-0000-7000-8000-000000000009",
    "webhook_id": "msg_01930000000070008000000000000009",
    "event": "charge.succeeded",
    "link_id": "01930000-0000-7000-8000-000000000002",
    "state": "pending",
    "attempts": 1,
    "last_status": 503,
    "last_error": "answered 503",
    "next_attempt_at": "2027-03-05T11:05:05Z",
    "created_at": _AT,
    "finished_at": None,
}
DETAIL: Final = DELIVERY | {
    "url": ENDPOINT["url"],
    "request_body": '{"type":"charge.succeeded","timestamp":"2027-03-05T11:05:00.000Z","data":{}}',
    "attempt_log": [
        {
            "number": 1,
            "at": _AT,
            "duration_ms": 41,
            "request_headers": {
                "webhook-id": DELIVERY["webhook_id"],
                "webhook-timestamp": "1804244700",
                "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            },
            "status": 503,
            "error": None,
            "response_body": "down for maintenance",
        }
    ],
}
RANGE: Final = {"from": "2027-03-05T00:00:00Z", "to": "2027-03-06T00:00:00Z", "only_failed": True}
REDELIVERED: Final = {"count": 12, "next_after": None}
