"""`Sandbox-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256(secret, "<t>." + raw body)>`.

Written apart from the simulator's own signing, and pinned to it by the vectors in tests/golden.
"""

import hmac
from datetime import datetime
from typing import Final

HEADER: Final = "sandbox-signature"
TOLERANCE_SECONDS: Final = 300
"""How old a signature may be, or how far ahead the provider's clock: against replays of an intercepted callback."""
_HEADER_CHARS_MAX: Final = 1024


def is_authentic(header: str | None, body: bytes, *, secret: str, now: datetime) -> bool:
    """Several `v1` are allowed, for rotation of the secret."""
    if header is None or len(header) > _HEADER_CHARS_MAX or not header.isascii():
        return False
    pairs = [part.strip().partition("=") for part in header.split(",")]
    times = [value for name, _, value in pairs if name == "t"]
    offered = [value for name, _, value in pairs if name == "v1"]
    if len(times) != 1 or not times[0].isdigit() or len(times[0]) > 12:  # noqa: PLR2004 - digits until the year 33658
        return False
    if abs(now.timestamp() - int(times[0])) > TOLERANCE_SECONDS:
        return False
    expected = hmac.digest(secret.encode(), times[0].encode() + b"." + body, "sha256").hex()
    return any(hmac.compare_digest(expected, one) for one in offered)
