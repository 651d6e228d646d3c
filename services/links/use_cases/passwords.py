"""Passwords are hashed with argon2id, by OWASP's parameters, beside the event loop and only a few at a time."""

import asyncio
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final, TypeVar

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from services.links.domain.member import typed_alike
from shared.runtime.limits import RateLimited

MEMORY_KIB: Final = 19 * 1024
ROUNDS: Final = 2
LANES: Final = 1
"""OWASP Password Storage Cheat Sheet: m=19 MiB, t=2, p=1, about 30 ms."""
AT_ONCE: Final = 2
WAITING_MAX: Final = 32
RETRY_SECONDS: Final = 2

_T = TypeVar("_T")


class Passwords:
    """Makes and checks hashes. Whoever has none is checked against a decoy, which takes as long.

    Every method raises RateLimited when too many wait already.
    """

    def __init__(self, *, memory_kib: int = MEMORY_KIB, rounds: int = ROUNDS) -> None:
        self._hasher = PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=LANES, type=Type.ID)
        self._decoy = _decoy(memory_kib, rounds)
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="argon2")
        self._waiting = 0

    async def hashed(self, password: str) -> str:
        return await self._beside(lambda: self._hasher.hash(typed_alike(password)))

    async def fits(self, password: str, password_hash: str | None) -> bool:
        """False for everybody without a hash, in the same time."""
        fits = await self._beside(lambda: self._fits(password, password_hash or self._decoy))
        return fits and password_hash is not None

    def is_outdated(self, password_hash: str) -> bool:
        """Made with other parameters than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def _fits(self, password: str, password_hash: str) -> bool:
        try:
            return self._hasher.verify(password_hash, typed_alike(password))
        except (VerificationError, InvalidHashError):
            return False

    async def _beside(self, work: Callable[[], _T]) -> _T:
        if self._waiting >= WAITING_MAX:
            raise RateLimited("passwords", RETRY_SECONDS)
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1


@cache
def _decoy(memory_kib: int, rounds: int) -> str:
    hasher = PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=LANES, type=Type.ID)
    return hasher.hash(secrets.token_bytes())
