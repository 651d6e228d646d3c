"""A session's live status as server-sent events, for the API and for the page alike."""

import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

from litestar.response import Stream

from services.checkout.domain.session import SessionState
from services.checkout.use_cases.checkout import Checkout
from shared.kernel.faults import Unavailable

HEARTBEAT_SECONDS: Final = 15.0
LOOK_SECONDS: Final = 5.0
"""Between looks at the database when nothing rings: a bell may be lost."""
OPEN_SECONDS_MAX: Final = 600.0
"""Then the stream ends, and EventSource comes back by itself, maybe to another replica."""
FINAL: Final = frozenset({"paid", "expired", "abandoned"})
_HEADERS: Final = {"cache-control": "no-store", "x-accel-buffering": "no"}


def stream(checkout: Checkout, state: SessionState, event_of: Callable[[SessionState], Awaitable[bytes]]) -> Stream:
    """One event at once, then one a change; ends when nothing more can happen.

    `event_of` gives the whole event, with its blank line.

    Raises:
        TooManyListeners: there is no room for one more.
    """
    checkout.live.require_room(state.session.id)
    return Stream(_events(checkout, state, event_of), media_type="text/event-stream", headers=_HEADERS)


async def _events(
    checkout: Checkout, state: SessionState, event_of: Callable[[SessionState], Awaitable[bytes]]
) -> AsyncGenerator[bytes, None]:
    session_id = state.session.id
    async with checkout.live.listen(session_id) as bell:
        ends = time.monotonic() + OPEN_SECONDS_MAX
        told, said_at = None, 0.0
        while True:
            event = await event_of(state)
            if event != told:
                yield event
                told, said_at = event, time.monotonic()
            elif time.monotonic() - said_at >= HEARTBEAT_SECONDS:
                yield b": still here\n\n"
                said_at = time.monotonic()
            if state.status_at(checkout.clock()) in FINAL or bell.closing.is_set() or time.monotonic() >= ends:
                return
            await bell.wait(LOOK_SECONDS)
            bell.clear()
            try:
                state = await checkout.read_session(session_id)
            except Unavailable:
                continue
