"""A circuit breaker: a provider that does not answer is left alone for a while, then tried with one payment."""

from typing import Final, Literal

BreakerState = Literal["closed", "open", "half_open"]

FAILURES_MAX: Final = 5
"""So many in a row open it."""
OPEN_SECONDS: Final = 15.0
PROBE_SECONDS: Final = 30.0
"""Longer than a probe can take: one whose end nobody told does not keep the breaker half open for ever."""


class Breaker:
    """Of one account. `now` is of a clock that only goes forward, in seconds."""

    def __init__(self) -> None:
        self._failures = 0
        self._opened_at: float | None = None
        self._probe_at: float | None = None

    def state(self, now: float) -> BreakerState:
        if self._opened_at is None:
            return "closed"
        return "open" if now - self._opened_at < OPEN_SECONDS else "half_open"

    def lets_through(self, now: float) -> bool:
        """Whether a payment may be tried; half open, one at a time."""
        match self.state(now):
            case "closed":
                return True
            case "open":
                return False
            case "half_open":
                return self._probe_at is None or now - self._probe_at >= PROBE_SECONDS

    def begins(self, now: float) -> None:
        """A payment is tried now."""
        if self.state(now) == "half_open":
            self._probe_at = now

    def answered(self) -> None:
        self._failures, self._opened_at, self._probe_at = 0, None, None

    def failed(self, now: float) -> None:
        self._failures += 1
        self._probe_at = None
        if self._failures >= FAILURES_MAX:
            self._opened_at = now
