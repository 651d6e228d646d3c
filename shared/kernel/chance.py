"""Random bytes from the operating system, fetched in blocks: one system call costs more than a thousand bytes.

A page needs several of these, and `make bench` saw a seventh of its time go into asking for them one by one.
"""

import os
from typing import Final

BLOCK_BYTES: Final = 4096


class _Block:
    def __init__(self) -> None:
        self._bytes = b""
        self._at = 0

    def take(self, count: int) -> bytes:
        """`count` bytes, up to BLOCK_BYTES, that nobody gets again."""
        if self._at + count > len(self._bytes):
            self._bytes, self._at = os.urandom(BLOCK_BYTES), 0
        taken = self._bytes[self._at : self._at + count]
        self._at += count
        return taken

    def forget(self) -> None:
        self._bytes, self._at = b"", 0


_block: Final = _Block()
# A forked child would hand out what its parent does.
os.register_at_fork(after_in_child=_block.forget)

random_bytes: Final = _block.take
