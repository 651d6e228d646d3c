"""Refusals wait until the request has been read.

An answer that comes early, such as a 413, leaves the rest of the request unread, and the server then cuts the
connection: the caller loses the answer, or the next request that it sent on the same connection.
"""

import asyncio
import contextlib
from typing import Final

from litestar.types import (
    ASGIApp,
    HTTPReceiveMessage,
    HTTPScope,
    Message,
    Receive,
    Scope,
    Send,
    WebSocketReceiveMessage,
)

READ_BYTES_MAX: Final = 4 * 1024 * 1024
READ_SECONDS_MAX: Final = 2.0
ARRIVES_AT_ONCE: Final = 4096
"""A body of so few bytes has arrived with the head, or as good as."""
REFUSALS: Final = frozenset(range(400, 600)) - {408}
"""408 says that the caller was waited for long enough."""
BODILESS: Final = frozenset({"GET", "HEAD"})


def reads_to_the_end(app: ASGIApp) -> ASGIApp:
    """`app`, whose refusals go out once the caller has said all, or far too much."""

    async def reading(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in BODILESS or _is_short(scope):
            await app(scope, receive, send)
            return
        ended = False

        async def receive_noted() -> HTTPReceiveMessage | WebSocketReceiveMessage:
            nonlocal ended
            message = await receive()
            ended = not (message["type"] == "http.request" and message["more_body"])
            return message

        async def read_on() -> None:
            read = 0
            while not ended and read < READ_BYTES_MAX:
                message = await receive_noted()
                read += len(message["body"]) if message["type"] == "http.request" else 0

        async def send_afterwards(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in REFUSALS and not ended:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(read_on(), READ_SECONDS_MAX)
            await send(message)

        await app(scope, receive_noted, send_afterwards)

    return reading


def _is_short(scope: HTTPScope) -> bool:
    for name, value in scope["headers"]:
        if name == b"content-length":
            return value.isdigit() and int(value) <= ARRIVES_AT_ONCE
    return False
