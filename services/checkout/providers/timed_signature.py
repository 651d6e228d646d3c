"""Signature headers such as `t=<unix seconds>,v1=<hex HMAC-SHA256(secret, "<t>" + between + raw body)>`.

Several `v1` are allowed: one for each secret while a secret is being changed. Other schemes than `v1` are skipped.
"""

import hmac
from datetime import datetime
from typing import Final

TOLERANCE_SECONDS: Final = 300
"""How old a signature may be, or how far ahead the provider's clock: against replays of an intercepted callback."""
HEADER_CHARS_MAX: Final = 1024
_TIME_DIGITS: Final = 10
"""Exactly, until the year 2286: where nothing stands between the time and the body, a longer time could borrow its last
digits from a body that begins with some."""


def is_authentic(header: str | None, body: bytes, *, between: bytes, secret: str, now: datetime) -> bool:
    if not header or not secret or len(header) > HEADER_CHARS_MAX or not header.isascii():
        return False
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    offered = [value for name, _, value in pairs if name == "v1"]
    if len(times) != 1 or not times[0].isdigit() or len(times[0]) != _TIME_DIGITS:
        return False
    if abs(now.timestamp() - int(times[0])) > TOLERANCE_SECONDS:
        return False
    expected = hmac.digest(secret.encode(), times[0].encode() + between + body, "sha256").hex()
    return any(hmac.compare_digest(expected, one) for one in offered)
