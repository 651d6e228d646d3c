"""`Sandbox-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256(secret, "<t>." + raw body)>`.

Written apart from the simulator's own signing, and pinned to it by the vectors in tests/golden.
"""

from datetime import datetime
from typing import Final

from services.checkout.providers import timed_signature

HEADER: Final = "sandbox-signature"


def is_authentic(header: str | None, body: bytes, *, secret: str, now: datetime) -> bool:
    return timed_signature.is_authentic(header, body, between=b".", secret=secret, now=now)
