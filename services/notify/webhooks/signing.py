"""Signatures of Standard Webhooks (https://www.standardwebhooks.com), made by its own library."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from standardwebhooks import Webhook

from services.notify.domain.webhook_endpoint import SECRET_BYTES
from shared.runtime.secrets import sealer

PREFIX: Final = "whsec_"
SECRET_BYTES_TAKEN: Final = range(24, 65)


def new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def is_secret(text: str) -> bool:
    """Whether the standard takes it: 24 to 64 bytes."""
    try:
        raw = base64.b64decode(text.removeprefix(PREFIX).encode(), validate=True)
    except ValueError:
        return False
    return text.startswith(PREFIX) and len(raw) in SECRET_BYTES_TAKEN


def signed_headers(keys: Sequence[str], message_id: str, body: bytes, *, at: datetime) -> dict[str, str]:
    """One signature for each key, the newest first. `at` is aware and in UTC."""
    text = body.decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(Webhook(key).sign(message_id, at, text) for key in keys),
    }


class SecretBox:
    """Secrets of endpoints, unreadable at rest."""

    def __init__(self, root_secret: bytes) -> None:
        self._box = sealer(root_secret, "webhook-secret")

    def seal(self, secret: str) -> bytes:
        return self._box.encrypt(secret.encode())

    def unseal(self, sealed: bytes) -> str:
        return self._box.decrypt(sealed).decode()
