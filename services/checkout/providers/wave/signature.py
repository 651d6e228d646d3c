"""`Wave-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256(secret, "<t>" + raw body)>`: no dot between the two.

https://docs.wave.com/webhook. Several `v1` while a secret is being changed.
"""

from datetime import datetime
from typing import Final

from services.checkout.providers import timed_signature

HEADER: Final = "wave-signature"


def is_authentic(header: str | None, body: bytes, *, secret: str, now: datetime) -> bool:
    return timed_signature.is_authentic(header, body, between=b"", secret=secret, now=now)
