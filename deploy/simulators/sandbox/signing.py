"""`Sandbox-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256(secret, "<t>." + raw body)>`.

Written apart from the code that verifies it, and pinned to it by `tests/golden/sandbox_signature.json`.
"""

import hashlib
import hmac

HEADER = "Sandbox-Signature"


def sign(secret: str, timestamp_seconds: int, *, body: bytes) -> str:
    """The hex digest over the timestamp, a dot and the raw body."""
    signed = b"%d." % timestamp_seconds + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def signature_header(secret: str, timestamp_seconds: int, *, body: bytes) -> str:
    return f"t={timestamp_seconds},v1={sign(secret, timestamp_seconds, body=body)}"
