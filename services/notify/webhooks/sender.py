"""One attempt to tell a merchant: a signed POST that follows no redirect, uses no proxy and waits for 15 s at most."""

import asyncio
import ssl
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

import aiohttp
from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

from services.notify.domain.webhook_attempt import ATTEMPT_SECONDS_MAX, BODY_BYTES_KEPT, Attempt
from services.notify.webhooks.guard import ForbiddenAddress, Guard

USER_AGENT: Final = "Paylinks-Webhooks/1"
CONNECT_SECONDS_MAX: Final = 5
_DIGITS_MAX: Final = 9
_FAILED: Final = (aiohttp.ClientError, OSError, TimeoutError, ValueError, ssl.SSLError)


class Sender:
    """Safe to use from many tasks at once: every attempt has a connection of its own.

    A connection kept open would save a handshake, and be the one that a server closes at the very moment.
    """

    def __init__(
        self, guard: Guard, *, seconds_max: float = ATTEMPT_SECONDS_MAX, trust: ssl.SSLContext | None = None
    ) -> None:
        self._guard = guard
        self._seconds_max = seconds_max
        self._trust = trust or ssl.create_default_context()
        self._session: ClientSession | None = None

    async def post(self, url: str, body: bytes, signed: dict[str, str], *, at: datetime) -> Attempt:
        """`signed` are the headers of the signature, made at `at`. Never raises."""
        headers = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            "accept-encoding": "identity",
            **signed,
        }
        began = time.monotonic()
        status: int | None = None
        error: str | None = None
        start = b""
        retry_after: timedelta | None = None
        try:
            async with (
                asyncio.timeout(self._seconds_max),
                self._opened().post(url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                status = answer.status
                retry_after = seconds_of(answer.headers.get("retry-after"), now=at)
                start = await _beginning(answer)
        except _FAILED as failed:
            # With a status there was an answer: what is missing is the rest of its body, which nobody needs.
            error = None if status is not None else described(failed, self._seconds_max)
        return Attempt(
            at=at,
            duration_ms=int((time.monotonic() - began) * 1000),
            headers=headers,
            status=status,
            error=error,
            body=start.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}"),
            retry_after=retry_after,
        )

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _opened(self) -> ClientSession:
        if self._session is None:
            connector = TCPConnector(
                resolver=self._guard,
                socket_factory=self._guard.socket,
                use_dns_cache=False,
                force_close=True,
                limit=0,
                ssl=self._trust,
            )
            self._session = ClientSession(
                connector=connector,
                cookie_jar=DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                timeout=ClientTimeout(total=None, sock_connect=CONNECT_SECONDS_MAX),
            )
        return self._session


async def _beginning(answer: aiohttp.ClientResponse) -> bytes:
    """No more of the body than is kept: an answer without end is not read to its end."""
    read = b""
    while len(read) < BODY_BYTES_KEPT:
        chunk = await answer.content.read(BODY_BYTES_KEPT - len(read))
        if not chunk:
            break
        read += chunk
    return read


def seconds_of(retry_after: str | None, *, now: datetime) -> timedelta | None:
    """`Retry-After` in seconds or as a date (RFC 9110 section 10.2.3); None where it is neither."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=int(text[:_DIGITS_MAX]))
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError):
        return None
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(aware - now, timedelta())


def described(error: Exception, seconds_max: float) -> str:
    """In the words of whoever runs the other side."""
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ForbiddenAddress):
        return f"refused: {error.os_error}"
    match error:
        case aiohttp.ClientSSLError():
            return f"TLS failed: {error}"
        case aiohttp.ClientConnectorDNSError():
            return f"the name {error.host} could not be looked up"
        case aiohttp.ClientConnectorError():
            return f"no connection: {error.os_error.strerror or error.os_error}"
        case TimeoutError():
            return f"no answer within {seconds_max:g} seconds"
        case _:
            return f"{type(error).__name__}: {error}".rstrip(": ")
