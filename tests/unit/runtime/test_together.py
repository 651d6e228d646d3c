import asyncio
from collections.abc import AsyncGenerator, Awaitable, Sequence

import pytest

from shared.kernel.faults import Unavailable
from shared.runtime.postgres import Undone
from shared.runtime.together import CROWD_SECONDS, FLIGHTS_MAX, GROUP_MAX, Together

PATIENCE_SECONDS = 0.02


class Server:
    """Doubles numbers; a group waits at the gate until it is opened. Bad numbers fail whatever they are in."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.bad: dict[int, Exception] = {}
        self.gates: dict[int, asyncio.Event] = {}
        self.together = self.with_limits()

    def with_limits(self, **limits: float) -> Together[int, int]:
        return Together("doubles", self.act, **{"patience_seconds": PATIENCE_SECONDS, **limits})

    def gate(self, number: int) -> asyncio.Event:
        """Whatever group has this number in it waits here."""
        return self.gates.setdefault(number, asyncio.Event())

    async def act(self, numbers: Sequence[int]) -> Sequence[int]:
        self.groups.append(list(numbers))
        await asyncio.sleep(0)
        for number in numbers:
            if number in self.gates:
                await self.gates[number].wait()
        for number in numbers:
            if number in self.bad:
                raise self.bad[number]
        return [2 * number for number in numbers]

    async def held(self) -> asyncio.Task[int]:
        """A group of one, number 0, that is under way until its gate is opened."""
        self.gate(0)
        return await self.asked(self.together.do(0))

    async def asked(self, ask: Awaitable[int]) -> asyncio.Task[int]:
        task = asyncio.ensure_future(ask)
        for _ in range(3):
            await asyncio.sleep(0)
        return task


@pytest.fixture
async def server() -> AsyncGenerator[Server]:
    yield Server()
    left = [task for task in asyncio.all_tasks() if task.get_name() == "together-doubles"]
    assert not left, "a flight is still up"


async def test_one_alone_goes_at_once(server: Server) -> None:
    assert await server.together.do(1) == 2
    assert server.groups == [[1]]


async def test_of_a_crowd_that_comes_again_none_goes_alone(server: Server) -> None:
    """Ten, each of whom asks anew as soon as it has its answer, but not all in the same moment."""

    async def client(number: int) -> None:
        for _ in range(20):
            await server.together.do(number)
            for _ in range(number):
                await asyncio.sleep(0)

    first = await server.held()
    clients = [asyncio.ensure_future(client(number)) for number in range(1, 11)]
    await asyncio.sleep(0)
    server.gate(0).set()
    await asyncio.gather(first, *clients)
    sizes = [len(group) for group in server.groups]
    assert sum(sizes) == 1 + 200
    assert sizes[:2] == [1, 10]
    busy = sizes[2 : len(sizes) * 3 // 4]  # later, those who are quick are through
    assert sum(busy) / len(busy) >= 3


async def test_whoever_is_left_of_a_crowd_waits_a_moment_and_no_longer(server: Server) -> None:
    first = await server.held()
    crowd = [await server.asked(server.together.do(number)) for number in range(1, 9)]
    server.gate(0).set()
    await asyncio.gather(first, *crowd)
    straggler = await server.asked(server.together.do(9))
    assert len(server.groups) == 2  # it waits for others
    assert await asyncio.wait_for(straggler, 1) == 18
    assert server.groups[2] == [9]
    await asyncio.sleep(CROWD_SECONDS * 1.5)
    alone = await server.asked(server.together.do(10))
    assert server.groups[3] == [10]  # the crowd is gone
    assert await alone == 20


async def test_what_comes_while_a_group_is_under_way_goes_together_in_the_next(server: Server) -> None:
    first = await server.held()
    others = [await server.asked(server.together.do(number)) for number in (1, 2, 3)]
    server.gate(0).set()
    assert await asyncio.gather(first, *others) == [0, 2, 4, 6]
    assert server.groups == [[0], [1, 2, 3]]


async def test_a_group_has_an_end(server: Server) -> None:
    numbers = range(2 * GROUP_MAX + 1)
    assert await asyncio.gather(*map(server.together.do, numbers)) == [2 * number for number in numbers]
    assert [len(group) for group in server.groups] == [GROUP_MAX, GROUP_MAX, 1]


async def test_a_bad_one_fails_alone(server: Server) -> None:
    server.bad[2] = ValueError("two")
    outcomes = await asyncio.gather(*map(server.together.do, (1, 2, 3)), return_exceptions=True)
    assert outcomes == [2, server.bad[2], 6]
    assert server.groups == [[1, 2, 3], [1], [2, 3], [2], [3]]


async def test_one_that_waits_for_a_lock_in_vain_fails_alone(server: Server) -> None:
    server.bad[2] = Undone("postgres")
    outcomes = await asyncio.gather(*map(server.together.do, (1, 2, 3)), return_exceptions=True)
    assert outcomes == [2, server.bad[2], 6]


async def test_what_may_have_been_done_is_not_done_again(server: Server) -> None:
    server.bad[2] = Unavailable("postgres")
    outcomes = await asyncio.gather(*map(server.together.do, (1, 2, 3)), return_exceptions=True)
    assert outcomes == [server.bad[2]] * 3
    assert server.groups == [[1, 2, 3]]


async def test_who_leaves_while_waiting_is_not_taken_along(server: Server) -> None:
    first = await server.held()
    leaver = await server.asked(server.together.do(1))
    stayer = await server.asked(server.together.do(2))
    leaver.cancel()
    server.gate(0).set()
    assert await asyncio.gather(first, stayer) == [0, 4]
    assert leaver.cancelled()
    assert server.groups == [[0], [2]]


@pytest.mark.parametrize("leaver", [0, 1, 2])
async def test_who_leaves_a_group_under_way_does_not_spoil_it(server: Server, leaver: int) -> None:
    gate = server.gate(1)
    tasks = [asyncio.ensure_future(server.together.do(number)) for number in range(3)]
    await server.asked(asyncio.sleep(0))
    assert server.groups == [[0, 1, 2]]
    tasks[leaver].cancel()
    gate.set()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert [outcome for number, outcome in enumerate(outcomes) if number != leaver] == [
        2 * number for number in range(3) if number != leaver
    ]
    assert isinstance(outcomes[leaver], asyncio.CancelledError)


async def test_a_group_that_is_held_up_lets_others_pass(server: Server) -> None:
    first = await server.held()
    assert await server.together.do(1) == 2
    assert not first.done()
    server.gate(0).set()
    assert await first == 0


async def test_only_so_many_groups_are_under_way_and_nobody_waits_for_ever(server: Server) -> None:
    server.together = server.with_limits(wait_seconds_max=5 * PATIENCE_SECONDS)
    held = []
    for number in range(FLIGHTS_MAX):
        server.gate(number)
        held.append(asyncio.ensure_future(server.together.do(number)))
        await asyncio.sleep(2 * PATIENCE_SECONDS)
    with pytest.raises(Unavailable):
        await server.together.do(99)
    assert server.groups == [[number] for number in range(FLIGHTS_MAX)]
    for number in range(FLIGHTS_MAX):
        server.gate(number).set()
    assert await asyncio.gather(*held) == [0, 2, 4]
    assert await server.together.do(5) == 10, "and afterwards all is as before"


async def test_more_than_fit_in_the_queue_are_refused(server: Server) -> None:
    server.together = server.with_limits(waiting_max=1)
    first = await server.held()
    second = await server.asked(server.together.do(1))
    with pytest.raises(Unavailable):
        await server.together.do(2)
    server.gate(0).set()
    assert await asyncio.gather(first, second) == [0, 2]


async def test_a_group_that_is_ended_by_force_tells_its_waiters(server: Server) -> None:
    first = await server.held()
    second = await server.asked(server.together.do(1))
    for task in asyncio.all_tasks():
        if task.get_name() == "together-doubles":
            task.cancel()
    with pytest.raises(Unavailable):
        await first
    assert await second == 2, "and who waited behind it goes on"


async def test_a_group_that_is_ended_by_force_while_it_goes_in_halves_tells_all_of_them(server: Server) -> None:
    server.bad[1] = ValueError("one")
    posted = [asyncio.ensure_future(server.together.do(number)) for number in range(1, 5)]
    await server.asked(asyncio.sleep(0))
    server.gate(2)
    await asyncio.sleep(PATIENCE_SECONDS)
    assert server.groups == [[1, 2, 3, 4], [1, 2]]
    for task in asyncio.all_tasks():
        if task.get_name() == "together-doubles":
            task.cancel()
    async with asyncio.timeout(1):
        outcomes = await asyncio.gather(*posted, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [Unavailable] * 4


async def test_a_wrong_number_of_outcomes_is_nobodys(server: Server) -> None:
    async def forgetful(numbers: Sequence[int]) -> Sequence[int]:
        return list(await server.act(numbers))[:-1]

    together = Together("doubles", forgetful)
    outcomes = await asyncio.gather(*map(together.do, (1, 2)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [RuntimeError, RuntimeError]
    assert server.groups == [[1, 2]], "it was done: it must not be done again"


async def test_under_steady_load_one_group_follows_another(server: Server) -> None:
    """After a hold-up as well: two that take turns would halve each other's groups."""
    first = await server.held()
    await server.together.do(1)
    server.gate(0).set()
    await first
    server.groups.clear()

    async def client(number: int) -> None:
        for _ in range(20):
            await server.together.do(number)

    await asyncio.gather(*(client(number) for number in range(1, 9)))
    assert len(server.groups) <= 41
