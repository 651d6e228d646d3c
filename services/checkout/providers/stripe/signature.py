"""`Stripe-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256(secret, "<t>." + raw body)>`, with one `v1` for each secret.

https://docs.stripe.com/webhooks#verify-manually. Stripe's own library checks the time only when it is asked to; here
it is always checked. Stripe adds a `v0` to test events; it proves nothing.
"""

from datetime import datetime
from typing import Final

from services.checkout.providers import timed_signature

HEADER: Final = "stripe-signature"


def is_authentic(header: str | None, body: bytes, *, secret: str, now: datetime) -> bool:
    return timed_signature.is_authentic(header, body, between=b".", secret=secret, now=now)
