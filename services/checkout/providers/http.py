"""A lean HTTP/1.1 client for one provider: kept connections, small bodies, no redirects.

A payment makes one call, and httpx took a third of checkout's CPU for a whole payment to make it (docs/adr).
"""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

CONNECTIONS_MAX: Final = 64
CONNECT_SECONDS_MAX: Final = 3.0
HEAD_BYTES_MAX: Final = 32 * 1024
BODY_BYTES_MAX: Final = 1024 * 1024
_FINAL_STATUS_FIRST: Final = 200
_WITHOUT_BODY: Final = frozenset({204, 304})


class NotConnected(Exception):  # noqa: N818 - says what happened
    """Nothing was sent: there was no connection."""


class NoAnswer(Exception):  # noqa: N818 - says what happened
    """The request was sent, at least in part, and no whole answer came in time."""


class Answer(Struct, frozen=True):
    status: int
    body: bytes


class _Connection(Struct, eq=False):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: bool = False


class HttpClient:
    def __init__(self, origin: str, *, timeout_seconds: float) -> None:
        parts = urlsplit(origin)
        self._ssl = ssl.create_default_context() if parts.scheme == "https" else None
        self._host = parts.hostname or ""
        self._port = parts.port or (443 if self._ssl else 80)
        self._host_header = parts.netloc
        self._timeout_seconds = timeout_seconds
        self._slots = asyncio.Semaphore(CONNECTIONS_MAX)
        self._idle: list[_Connection] = []

    async def send(self, method: str, target: str, *, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """One exchange. It may be sent twice, when a kept connection turns out to be dead: only send what may be.

        Raises:
            NotConnected, NoAnswer.
        """
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"{method} {target} HTTP/1.1\r\nhost: {self._host_header}\r\ncontent-length: {len(body)}\r\n{lines}\r\n"
        request = head.encode("ascii") + body
        try:
            async with asyncio.timeout(self._timeout_seconds), self._slots:
                return await self._exchange(request)
        except TimeoutError as error:
            raise NoAnswer("timeout") from error

    async def close(self) -> None:
        while self._idle:
            self._idle.pop().writer.close()

    async def _exchange(self, request: bytes) -> Answer:
        while True:
            connection = self._idle.pop() if self._idle else await self._connect()
            try:
                answer, keep = await _ask(connection, request)
            except (OSError, EOFError, asyncio.LimitOverrunError, ValueError) as error:
                connection.writer.close()
                if connection.used and isinstance(error, OSError | EOFError):
                    continue
                raise NoAnswer(repr(error)) from error
            except BaseException:
                connection.writer.close()
                raise
            if keep:
                connection.used = True
                self._idle.append(connection)
            else:
                connection.writer.close()
            return answer

    async def _connect(self) -> _Connection:
        try:
            async with asyncio.timeout(CONNECT_SECONDS_MAX):
                reader, writer = await asyncio.open_connection(
                    self._host, self._port, ssl=self._ssl, limit=HEAD_BYTES_MAX
                )
        except (OSError, TimeoutError) as error:
            raise NotConnected(repr(error)) from error
        return _Connection(reader, writer)


async def _ask(connection: _Connection, request: bytes) -> tuple[Answer, bool]:
    """The answer, and whether the connection may carry another request. Raises ValueError where it is not HTTP."""
    connection.writer.write(request)
    while True:
        head = await connection.reader.readuntil(b"\r\n\r\n")
        status_line, *lines = head[:-4].split(b"\r\n")
        version, _, rest = status_line.partition(b" ")
        status = int(rest[:3])
        if status >= _FINAL_STATUS_FIRST:
            break
    fields = {name.strip().lower(): value.strip().lower() for name, _, value in (x.partition(b":") for x in lines)}
    keep = version == b"HTTP/1.1" and fields.get(b"connection") != b"close"
    if status in _WITHOUT_BODY:
        return Answer(status, b""), keep
    if b"chunked" in fields.get(b"transfer-encoding", b""):
        return Answer(status, await _chunks(connection.reader)), keep
    length = int(fields[b"content-length"]) if b"content-length" in fields else -1
    if length > BODY_BYTES_MAX:
        raise ValueError("the answer is too large")
    if length < 0:
        return Answer(status, await connection.reader.read(BODY_BYTES_MAX)), False
    return Answer(status, await connection.reader.readexactly(length)), keep


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    """RFC 9112 section 7.1, without trailers of use."""
    body = bytearray()
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        if size + len(body) > BODY_BYTES_MAX:
            raise ValueError("the answer is too large")
        body += (await reader.readexactly(size + 2))[:-2]
    while await reader.readuntil(b"\r\n") != b"\r\n":
        pass
    return bytes(body)
