"""A page rendered once and sent many times: only the nonce, and what must be new each time, is filled in."""

from typing import Final

from markupsafe import Markup

NONCE_SLOT: Final = Markup("<nonce>")
ATTEMPT_SLOT: Final = Markup("<attempt>")
"""Slots contain `<`, which no escaped text does: nothing that a merchant or a buyer writes can look like one."""


class PreparedPage:
    """The bytes of a page around its slots.

    >>> PreparedPage(b'<style nonce="<nonce>">').fill("abc")
    b'<style nonce="abc">'
    """

    __slots__ = ("_attempts", "_nonces", "_parts")

    def __init__(self, page: bytes) -> None:
        self._parts: list[bytes] = []
        self._nonces: list[int] = []
        self._attempts: list[int] = []
        for n, around in enumerate(page.split(NONCE_SLOT.encode())):
            if n:
                self._nonces.append(len(self._parts))
                self._parts.append(b"")
            for m, piece in enumerate(around.split(ATTEMPT_SLOT.encode())):
                if m:
                    self._attempts.append(len(self._parts))
                    self._parts.append(b"")
                self._parts.append(piece)

    def fill(self, nonce: str, *, attempt: str = "") -> bytes:
        """The page for one answer. `nonce` and `attempt` are our own and URL-safe; they are not escaped."""
        parts = self._parts.copy()
        for position in self._nonces:
            parts[position] = nonce.encode()
        for position in self._attempts:
            parts[position] = attempt.encode()
        return b"".join(parts)
