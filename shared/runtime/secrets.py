"""One root secret, one derived key per purpose (HKDF, RFC 5869), so that no two features share a key."""

import base64
import hashlib
import hmac
import secrets

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derive(root: bytes, purpose: str) -> bytes:
    """32 bytes for this purpose only."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=f"paylinks/{purpose}".encode()).derive(root)


def sealer(root: bytes, purpose: str) -> Fernet:
    """Encrypts small secrets at rest (provider credentials)."""
    return Fernet(base64.urlsafe_b64encode(derive(root, purpose)))


class TokenMaker:
    """Bearer tokens that are recomputed, not stored: HMAC-SHA256 over an id, 43 characters of urlsafe base64."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def token_for(self, subject: str) -> str:
        digest = hmac.new(self._key, subject.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def belongs(self, token: str, subject: str) -> bool:
        return hmac.compare_digest(token.encode(), self.token_for(subject).encode())


def random_token(bytes_of_entropy: int = 32) -> str:
    return secrets.token_urlsafe(bytes_of_entropy)
