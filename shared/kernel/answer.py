"""An answer that may be given again: what an Idempotency-Key promises."""

import hashlib
from collections.abc import Callable

import msgspec


class Once(msgspec.Struct, frozen=True, kw_only=True):
    """One use of an Idempotency-Key: `scope` is who asks, `fingerprint` what is asked."""

    scope: str
    route: str
    key: str
    fingerprint: bytes


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """Rendered by a dialect, kept as it went out."""

    status: int
    body: bytes
    revision: int | None = None
    replayed: bool = False


class Seal(msgspec.Struct, frozen=True):
    """How an answer is kept that holds a secret."""

    seal: Callable[[bytes], bytes]
    unseal: Callable[[bytes], bytes]


def fingerprint(method: str, path: str, raw: bytes) -> bytes:
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), raw))).digest()
