"""What became of one attempt to tell a merchant, and what follows from it.

due --2xx----------------------------> delivered
 |----410----------------------------> failed, and the endpoint is switched off
 |----anything else, or no answer----> due again, later; failed after three days
"""

from datetime import datetime, timedelta
from typing import Final, Literal

import msgspec

RETRY_SECONDS: Final = (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 43_200, 43_200, 43_200, 43_200)
"""After the first attempt, the second, and so on: three days in all."""
TRIED_FOR: Final = timedelta(days=3)
ATTEMPT_SECONDS_MAX: Final = 15
RETRY_AFTER_MAX: Final = timedelta(days=1)
ERROR_CHARS_MAX: Final = 300
BODY_BYTES_KEPT: Final = 2_000
SETTLE: Final = timedelta(milliseconds=250)
"""How long the first attempt waits for facts of the same link that were overtaken on their way to us."""
_GONE: Final = 410
_SUCCESS: Final = range(200, 300)

DeliveryState = Literal["pending", "delivered", "failed"]


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """`status` None: there was no answer, and `error` says why. `body` is the beginning of the answer's."""

    at: datetime
    duration_ms: int
    headers: dict[str, str]
    status: int | None = None
    error: str | None = None
    body: str = ""
    retry_after: timedelta | None = None

    @property
    def arrived(self) -> bool:
        return self.status in _SUCCESS

    @property
    def gone(self) -> bool:
        return self.status == _GONE

    @property
    def reason(self) -> str | None:
        """Why it did not arrive."""
        if self.arrived:
            return None
        return (self.error or f"answered {self.status}")[:ERROR_CHARS_MAX]


class Verdict(msgspec.Struct, frozen=True):
    state: DeliveryState
    due_at: datetime


def verdict(attempt: Attempt, *, attempts: int, opened_at: datetime, now: datetime, jitter: float) -> Verdict:
    """`attempts` were made since `opened_at`, before this one; `jitter` is between 0 and 1."""
    if attempt.arrived:
        return Verdict("delivered", now)
    if attempt.gone or attempts >= len(RETRY_SECONDS) or now - opened_at >= TRIED_FOR:
        return Verdict("failed", now)
    wait = timedelta(seconds=RETRY_SECONDS[attempts] * (0.9 + 0.2 * jitter))
    if attempt.retry_after is not None:
        wait = max(wait, min(attempt.retry_after, RETRY_AFTER_MAX))
    return Verdict("pending", now + wait)
