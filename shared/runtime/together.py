"""Work that goes together: what is asked for while a statement is under way goes into the next one.

Ten rows in one statement cost the database and the process little more than one, and the disk the same. What comes
alone goes at once. In a crowd the first waits for the others, a millisecond at most: whoever was in the last group has
its answer now and asks anew, and a group of one would make all of them wait for it. A process that dies loses all of a
group or none of it, and nobody of it was answered.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

import msgspec

from shared.kernel.faults import Unavailable
from shared.runtime.postgres import Undone

GROUP_MAX: Final = 64
WAITING_MAX: Final = 2_000
WAIT_SECONDS_MAX: Final = 3.0
"""As long as for a connection of the pool."""
FLIGHTS_MAX: Final = 3
PATIENCE_SECONDS: Final = 0.1
"""How long a group may hold up the next: one that waits for a lock must not make everybody wait for it."""
ALONE_AT_ONCE: Final = 4
GATHER_SECONDS: Final = 0.001
"""What uvloop's timers can tell."""
CROWD_SECONDS: Final = 0.02
"""A crowd of which nobody came for so long is gone."""

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class _Waiter(msgspec.Struct, Generic[_In, _Out], eq=False):
    item: _In
    outcome: "asyncio.Future[_Out]"
    since: float


class Together(Generic[_In, _Out]):
    """`act` does many at once, all or none, and says of each in order what came of it.

    It must write in an order that all replicas share, or two groups lock each other out. When it fails, nothing was
    done, and its halves are done apart, and so on, so that a bad one fails alone. Only of Unavailable nobody knows
    whether it was done: it is everyone's outcome, but where it is Undone.
    """

    def __init__(
        self,
        name: str,
        act: Callable[[Sequence[_In]], Awaitable[Sequence[_Out]]],
        *,
        group_max: int = GROUP_MAX,
        waiting_max: int = WAITING_MAX,
        patience_seconds: float = PATIENCE_SECONDS,
        wait_seconds_max: float = WAIT_SECONDS_MAX,
    ) -> None:
        self._name = name
        self._act = act
        self._group_max = group_max
        self._waiting_max = waiting_max
        self._patience_seconds = patience_seconds
        self._wait_seconds_max = wait_seconds_max
        self._waiting: deque[_Waiter[_In, _Out]] = deque()
        self._flights: dict[asyncio.Task[None], float] = {}
        self._watch: asyncio.TimerHandle | None = None
        self._gathering: asyncio.TimerHandle | None = None
        self._crowd = 0
        self._crowd_until = 0.0
        self._alone = asyncio.Semaphore(ALONE_AT_ONCE)

    async def do(self, item: _In) -> _Out:
        """What came of `item`. Who is cancelled meanwhile leaves; what was begun for them is seen through.

        Raises:
            Unavailable: too many wait, it waited too long, or whether it was done is not known.
            Exception: whatever `act` raises for it alone.
        """
        if len(self._waiting) >= self._waiting_max:
            raise Unavailable(self._name)
        loop = asyncio.get_running_loop()
        waiter = _Waiter(item, loop.create_future(), loop.time())
        self._waiting.append(waiter)
        if not self._flights:
            self._go()
        elif self._watch is None:
            self._watch = loop.call_later(self._patience_seconds, self._look)
        return await waiter.outcome

    def _go(self) -> None:
        """At once, or as soon as half of the crowd is here."""
        if self._are_enough():
            self._take_off()
        elif self._gathering is None:
            self._gathering = asyncio.get_running_loop().call_later(GATHER_SECONDS, self._take_off)

    def _are_enough(self) -> bool:
        wanted = min(self._crowd / 2, self._group_max)
        return len(self._waiting) >= wanted or asyncio.get_running_loop().time() >= self._crowd_until

    def _take_off(self) -> None:
        if self._gathering is not None:
            self._gathering.cancel()
            self._gathering = None
        loop = asyncio.get_running_loop()
        flight = loop.create_task(self._fly(), name=f"together-{self._name}")
        self._flights[flight] = loop.time()
        flight.add_done_callback(self._landed)

    def _landed(self, flight: "asyncio.Task[None]") -> None:
        del self._flights[flight]
        if self._waiting and not self._flights:
            self._go()

    async def _fly(self) -> None:
        flight = asyncio.current_task()
        assert flight is not None
        while group := self._next_group():
            self._flights[flight] = asyncio.get_running_loop().time()
            try:
                await self._settle(group)
            except BaseException:
                _fail(group, Unavailable(self._name))
                raise
            # They were in it, or came meanwhile. It shrinks slowly: some are always between two requests.
            self._crowd = max(len(group) + len(self._waiting), self._crowd * 7 // 8)
            self._crowd_until = asyncio.get_running_loop().time() + CROWD_SECONDS
            if (len(self._flights) > 1 and not self._all_slow(flight)) or not self._are_enough():
                return

    def _next_group(self) -> list[_Waiter[_In, _Out]]:
        group: list[_Waiter[_In, _Out]] = []
        while self._waiting and len(group) < self._group_max:
            waiter = self._waiting.popleft()
            if not waiter.outcome.done():  # else they are gone
                group.append(waiter)
        return group

    def _all_slow(self, flight: "asyncio.Task[None] | None" = None) -> bool:
        """Whether all flights, or all others, are held up by something."""
        late = asyncio.get_running_loop().time() - self._patience_seconds
        return all(began <= late for other, began in self._flights.items() if other is not flight)

    def _look(self) -> None:
        """While some wait: sends another flight past slow ones, and away who has waited too long."""
        self._watch = None
        if self._flights and self._all_slow() and len(self._flights) < FLIGHTS_MAX:
            self._take_off()
        loop = asyncio.get_running_loop()
        late = loop.time() - self._wait_seconds_max
        while self._waiting and self._waiting[0].since <= late:
            _fail([self._waiting.popleft()], Unavailable(self._name))
        if self._waiting:
            self._watch = loop.call_later(self._patience_seconds, self._look)

    async def _settle(self, group: Sequence[_Waiter[_In, _Out]]) -> None:
        try:
            outcomes = await self._act([waiter.item for waiter in group])
        except Undone as error:
            await self._singly(group, error)
        except Unavailable as error:
            _fail(group, error)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is told to whom it concerns
            await self._halved(group, error)
        else:
            if len(outcomes) != len(group):
                _fail(group, RuntimeError(f"{self._name}: {len(outcomes)} outcomes of {len(group)}"))
                return
            for waiter, outcome in zip(group, outcomes, strict=True):
                if not waiter.outcome.done():
                    waiter.outcome.set_result(outcome)

    async def _halved(self, group: Sequence[_Waiter[_In, _Out]], error: Exception) -> None:
        if len(group) == 1:
            _fail(group, error)
            return
        middle = len(group) // 2
        await self._settle(group[:middle])
        await self._settle(group[middle:])

    async def _singly(self, group: Sequence[_Waiter[_In, _Out]], error: Exception) -> None:
        if len(group) == 1:
            _fail(group, error)
            return
        # At once, not one after the other: who waits for a lock takes his time.
        await asyncio.gather(*(self._settle_alone(waiter) for waiter in group))

    async def _settle_alone(self, waiter: _Waiter[_In, _Out]) -> None:
        async with self._alone:
            if not waiter.outcome.done():
                await self._settle([waiter])


def _fail(group: Sequence[_Waiter[_In, _Out]], error: Exception) -> None:
    for waiter in group:
        if not waiter.outcome.done():
            waiter.outcome.set_exception(error)
