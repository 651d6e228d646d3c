"""Time inside is integer Unix milliseconds; on the wire it is RFC 3339 in UTC."""

import time
from datetime import UTC, datetime


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def rfc3339(moment_ms: int) -> str:
    """The moment as `2026-01-31T12:00:00.000Z`."""
    seconds, milliseconds = divmod(moment_ms, 1_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{milliseconds:03d}Z"
