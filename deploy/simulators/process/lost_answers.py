"""A change is made, and who asked for it does not hear of it in time."""

import asyncio

from litestar import Request
from litestar.datastructures import State


async def lose(request: Request[object, object, State], for_ms: int) -> None:
    """A stop does not wait for it."""
    stopping: asyncio.Event = request.app.state.stopping
    try:
        async with asyncio.timeout(for_ms / 1_000):
            await stopping.wait()
    except TimeoutError:
        return
