"""Rate limits: token buckets in memory, one set a process. Bounded in number, refilled by the monotonic clock.

They are a first wall against floods, per replica; limits that money depends on are counted in the database.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from shared.kernel.faults import Fault

BUCKETS_MAX: Final = 100_000


class RateLimited(Fault):
    """Too many requests from one place; `retry_after_seconds` says when there is room again."""

    code = "rate_limited"

    def __init__(self, kind: str, retry_after_seconds: int) -> None:
        super().__init__(kind=kind, retry_after_seconds=retry_after_seconds)
        self.retry_after_seconds = retry_after_seconds


class Limiter:
    """`per_second` in the long run, `burst` at once, for each name."""

    def __init__(
        self, kind: str, *, per_second: float, burst: int, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self.kind = kind
        self._per_second = per_second
        self._burst = burst
        self._monotonic = monotonic
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, name: str, cost: float = 1) -> None:
        """Takes `cost` from the bucket of `name`.

        Raises:
            RateLimited: there is not that much in it.
        """
        now = self._monotonic()
        left = self._left(name, now)
        self._buckets.pop(name, None)
        if left < cost:
            self._buckets[name] = (left, now)
            raise RateLimited(self.kind, int((cost - left) / self._per_second) + 1)
        self._buckets[name] = (left - cost, now)
        if len(self._buckets) > BUCKETS_MAX:
            self._buckets.popitem(last=False)

    def require(self, name: str, cost: float = 1) -> None:
        """Takes nothing.

        Raises:
            RateLimited: there is not that much in the bucket of `name`.
        """
        left = self._left(name, self._monotonic())
        if left < cost:
            raise RateLimited(self.kind, int((cost - left) / self._per_second) + 1)

    def drain(self, name: str) -> None:
        """Takes all that there is."""
        self._buckets.pop(name, None)
        self._buckets[name] = (0.0, self._monotonic())

    def _left(self, name: str, now: float) -> float:
        left, at = self._buckets.get(name, (float(self._burst), now))
        return min(float(self._burst), left + (now - at) * self._per_second)
