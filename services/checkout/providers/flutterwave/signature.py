"""`verif-hash`: the secret hash itself, as the merchant has set it at Flutterwave.

It shows that the sender knows the secret, and nothing about the body: whoever saw one callback can send any other.
"""

import hmac
from typing import Final

HEADER: Final = "verif-hash"
_HEADER_CHARS_MAX: Final = 256


def is_known(header: str | None, secret_hash: str) -> bool:
    if header is None or len(header) > _HEADER_CHARS_MAX or not secret_hash:
        return False
    return hmac.compare_digest(header.encode(), secret_hash.encode())
