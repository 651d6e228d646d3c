"""How fast mails may go to one domain: big mailbox providers put off who comes in a crowd."""

from datetime import datetime, timedelta
from typing import Final

import msgspec

BURST: Final = timedelta(seconds=1)
DOMAINS_MAX: Final = 10_000


class _Lane(msgspec.Struct):
    """`free_at` is when the next mail may go; `behind` when the last of those that were put off is to come back."""

    free_at: datetime
    behind: datetime


class DomainPace:
    """For one process: with N replicas a domain hears from all of them."""

    def __init__(self, per_second: float) -> None:
        self._interval = timedelta(seconds=1 / per_second)
        self._lanes: dict[str, _Lane] = {}

    def turn(self, address: str, now: datetime) -> datetime | None:
        """None: it may go now, and counts. Otherwise when to come back: one after another, not all at once."""
        domain = address.rpartition("@")[2].lower()
        lane = self._lanes.get(domain)
        if lane is None:
            if len(self._lanes) >= DOMAINS_MAX:
                self._lanes.clear()
            lane = self._lanes[domain] = _Lane(now, now)
        if lane.free_at < now + BURST:
            lane.free_at = max(lane.free_at, now) + self._interval
            return None
        lane.behind = max(lane.behind, lane.free_at) + self._interval
        return lane.behind
