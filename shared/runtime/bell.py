"""What wakes a loop that would look by itself only now and then."""

import asyncio
from contextlib import suppress


class Bell:
    """A ring that comes while nobody waits is not lost: the next wait is over at once."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    def ring(self) -> None:
        self._rung.set()

    def clear(self) -> None:
        """Whatever it has rung for is about to be looked at."""
        self._rung.clear()

    async def wait(self, seconds: float) -> None:
        """Until it rings, or has rung since `clear`; for so many seconds at most."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), seconds)
