"""`Stripe-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256(secret, "<t>." + raw body)>`, with one `v1` for each secret.

https://docs.stripe.com/webhooks#verify-manually. Stripe's own library checks the time only when it is asked to; here
it is always checked.
"""

import hmac
from datetime import datetime
from typing import Final

HEADER: Final = "stripe-signature"
TOLERANCE_SECONDS: Final = 300
HEADER_CHARS_MAX: Final = 1024
_TIME_DIGITS_MAX: Final = 12


def is_authentic(header: str | None, body: bytes, *, secret: str, now: datetime) -> bool:
    """Other schemes than `v1` are skipped: Stripe adds a `v0` to test events, and it proves nothing."""
    if not header or not secret or len(header) > HEADER_CHARS_MAX or not header.isascii():
        return False
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    offered = [value for name, _, value in pairs if name == "v1"]
    if len(times) != 1 or not times[0].isdigit() or len(times[0]) > _TIME_DIGITS_MAX:
        return False
    if abs(now.timestamp() - int(times[0])) > TOLERANCE_SECONDS:
        return False
    expected = hmac.digest(secret.encode(), times[0].encode() + b"." + body, "sha256").hex()
    return any(hmac.compare_digest(expected, one) for one in offered)
