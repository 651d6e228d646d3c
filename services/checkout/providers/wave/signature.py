"""`Wave-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256(secret, "<t>" + raw body)>`: no dot between the two.

https://docs.wave.com/webhook. Several `v1` while a secret is being changed.
"""

import hmac
from datetime import datetime
from typing import Final

HEADER: Final = "wave-signature"
TOLERANCE_SECONDS: Final = 300
HEADER_CHARS_MAX: Final = 1024
_TIME_DIGITS: Final = 10
"""Exactly: without a dot, a longer time could borrow its last digits from a body that begins with some."""


def is_authentic(header: str | None, body: bytes, *, secret: str, now: datetime) -> bool:
    if not header or not secret or len(header) > HEADER_CHARS_MAX or not header.isascii():
        return False
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    offered = [value for name, _, value in pairs if name == "v1"]
    if len(times) != 1 or not times[0].isdigit() or len(times[0]) != _TIME_DIGITS:
        return False
    if abs(now.timestamp() - int(times[0])) > TOLERANCE_SECONDS:
        return False
    expected = hmac.digest(secret.encode(), times[0].encode() + body, "sha256").hex()
    return any(hmac.compare_digest(expected, one) for one in offered)
