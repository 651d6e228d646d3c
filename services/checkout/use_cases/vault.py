"""Credentials at rest: sealed with the newest key, opened with any that is still known."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from shared.kernel.faults import Unavailable
from shared.runtime.logs import logger
from shared.runtime.secrets import derive, sealer

KEY_ID_CHARS: Final = 12
_PURPOSE: Final = "provider-account"
_log = logger("vault")
_encode: Final = msgspec.json.Encoder(order="deterministic").encode
_decode: Final = msgspec.json.Decoder(dict[str, str]).decode


class Vault:
    """`roots` are root secrets, the present one first. `key_id` tells with which of them something was sealed."""

    def __init__(self, roots: Sequence[bytes]) -> None:
        self.key_id = hashlib.sha256(derive(roots[0], "sealing-key-id")).hexdigest()[:KEY_ID_CHARS]
        self._keys = MultiFernet([_fernet(root) for root in roots])

    def seal(self, credentials: Mapping[str, str]) -> bytes:
        return self._keys.encrypt(_encode(dict(credentials)))

    def open(self, sealed: bytes) -> dict[str, str]:
        """Raises: Unavailable: no key that we know opens it."""
        try:
            return _decode(self._keys.decrypt(sealed))
        except InvalidToken as error:
            _log.error("vault.no_key")
            raise Unavailable("secret_key") from error

    def reseal(self, sealed: bytes) -> bytes:
        """The same, with the present key. Raises: Unavailable: no key that we know opens it."""
        return self.seal(self.open(sealed))


def _fernet(root: bytes) -> Fernet:
    return sealer(derive(root, "sealing"), _PURPOSE)
