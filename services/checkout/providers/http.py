"""One pooled HTTP client for a provider: bounded in time and size, no redirects, no cookies.

On aiohttp: a payment makes one call, and httpx took a third of checkout's CPU for a whole payment to make it.
"""

from collections.abc import Mapping
from typing import Final

import aiohttp
from msgspec import Struct

from shared.runtime.spans import span

CONNECTIONS_MAX: Final = 64
CONNECT_SECONDS_MAX: Final = 3.0
KEPT_SECONDS: Final = 5.0
"""Less than servers keep an idle connection, so that few requests meet one that is being closed."""
BODY_BYTES_MAX: Final = 1024 * 1024
TRIES_MAX: Final = 2


class NotConnected(Exception):  # noqa: N818 - says what happened
    """Nothing was sent: there was no connection."""


class NoAnswer(Exception):  # noqa: N818 - says what happened
    """The request was sent, at least in part, and no whole answer came in time."""


class Answer(Struct, frozen=True):
    """`headers` are found whatever their case."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}


class HttpClient:
    """`origin` is the provider's, as `https://api.example`.

    `once`: for requests that must never be sent twice. Each has a connection of its own, since only a kept one can
    turn out to be dead before anybody has read the request.
    """

    def __init__(self, origin: str, *, timeout_seconds: float, once: bool = False) -> None:
        self._origin = origin
        self._once = once
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds, sock_connect=CONNECT_SECONDS_MAX)
        self._session: aiohttp.ClientSession | None = None

    async def send(self, method: str, target: str, *, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """One exchange. Without `once` it may be sent twice, when a kept connection turns out to be dead.

        Raises:
            NotConnected, NoAnswer.
        """
        sent = False
        for tries_left in reversed(range(1 if self._once else TRIES_MAX)):
            try:
                with span(method, "client", attributes={"server.address": self._origin}):
                    return await self._exchange(method, target, headers=headers, body=body)
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                # The connection that died before this one may have carried the request.
                raise (NoAnswer if sent else NotConnected)(repr(error)) from error
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
                sent = True
                if not tries_left:
                    raise NoAnswer(repr(error)) from error
            except (aiohttp.ClientError, TimeoutError) as error:
                raise NoAnswer(repr(error)) from error
        raise AssertionError("unreachable")

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _connector(self) -> aiohttp.TCPConnector:
        if self._once:
            return aiohttp.TCPConnector(limit=CONNECTIONS_MAX, force_close=True)
        return aiohttp.TCPConnector(limit=CONNECTIONS_MAX, keepalive_timeout=KEPT_SECONDS)

    async def _exchange(self, method: str, target: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
        if self._session is None:  # needs a running loop, which the composition root does not
            self._session = aiohttp.ClientSession(
                self._origin,
                connector=self._connector(),
                timeout=self._timeout,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
            )
        async with self._session.request(
            method, target, headers=headers, data=body or None, allow_redirects=False
        ) as answer:
            content = await answer.content.read(BODY_BYTES_MAX + 1)
            while not answer.content.at_eof() and len(content) <= BODY_BYTES_MAX:
                content += await answer.content.read(BODY_BYTES_MAX + 1 - len(content))
            if len(content) > BODY_BYTES_MAX:
                raise aiohttp.ClientPayloadError("the answer is too large")
            return Answer(answer.status, content, answer.headers)
