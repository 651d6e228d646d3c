"""`Stripe-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256(secret, "<t>." + raw body)>`, a `v1` for each secret.

Written apart from the code that verifies it; both are pinned by `tests/golden/provider_signatures.json`.
"""

import hashlib
import hmac
from collections.abc import Sequence

HEADER = "Stripe-Signature"


def sign(secret: str, timestamp_seconds: int, *, body: bytes) -> str:
    signed = b"%d." % timestamp_seconds + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def signature_header(secrets: Sequence[str], timestamp_seconds: int, *, body: bytes) -> str:
    digests = [f"v1={sign(secret, timestamp_seconds, body=body)}" for secret in secrets]
    return ",".join([f"t={timestamp_seconds}", *digests])
