"""An answer that may be given again: what an Idempotency-Key promises."""

import hashlib
import re
from collections.abc import Callable
from typing import Final

import msgspec

from shared.kernel.faults import Invalid

_KEY: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?")


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


def key_of(header: str | None) -> str | None:
    """The Idempotency-Key of a request, if it has one.

    Raises:
        Invalid: more than a key.
    """
    if header is not None and not _KEY.fullmatch(header):
        raise Invalid("Idempotency-Key", "must be 1 to 255 printable ASCII characters")
    return header
