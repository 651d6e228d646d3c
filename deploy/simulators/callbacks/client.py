"""A lean HTTP/1.1 client for callbacks: one request, keep-alive, only the answer's status matters.

httpx spends about 0.4 ms CPU on a callback, this about 0.02 (`measure.py`), and delivery is the hot path.
"""

import asyncio
import ssl
from urllib.parse import urlsplit

import msgspec

CONNECTIONS_PER_ORIGIN_MAX = 32
HEAD_BYTES_MAX = 32 * 1024
DRAINED_BYTES_MAX = 64 * 1024
_HTTP_STATUS_FIRST = 200
_NO_BODY = frozenset({204, 304})


class BadAnswerError(Exception):
    """The receiver answered something that is not HTTP."""


class _Connection(msgspec.Struct, eq=False):
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    used: bool = False


class _Origin:
    def __init__(self, host: str, port: int, *, tls: bool) -> None:
        self.host, self.port = host, port
        self.ssl = ssl.create_default_context() if tls else None
        self.slots = asyncio.Semaphore(CONNECTIONS_PER_ORIGIN_MAX)
        self.idle: list[_Connection] = []

    async def connect(self) -> _Connection:
        reader, writer = await asyncio.open_connection(self.host, self.port, ssl=self.ssl, limit=HEAD_BYTES_MAX)
        return _Connection(reader, writer)


class CallbackClient:
    def __init__(self, *, timeout_seconds: float) -> None:
        self._timeout_seconds = timeout_seconds
        self._origins: dict[tuple[str, str, int], _Origin] = {}

    async def send(self, method: str, url: str, body: bytes, *, headers: dict[str, str]) -> int:
        """The status of the answer. No redirect is followed.

        Raises:
            OSError, TimeoutError, EOFError, BadAnswerError, ValueError: there was no HTTP answer in time.
        """
        parts = urlsplit(url)
        tls = parts.scheme == "https"
        host, port = parts.hostname or "", parts.port or (443 if tls else 80)
        origin = self._origins.get((parts.scheme, host, port))
        if origin is None:
            origin = self._origins[parts.scheme, host, port] = _Origin(host, port, tls=tls)
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"{method} {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Length: {len(body)}\r\n{lines}\r\n"
        async with origin.slots, asyncio.timeout(self._timeout_seconds):
            return await _exchange(origin, head.encode("ascii") + body)

    def close(self) -> None:
        for origin in self._origins.values():
            for connection in origin.idle:
                connection.writer.close()


async def _exchange(origin: _Origin, request: bytes) -> int:
    while True:
        connection = origin.idle.pop() if origin.idle else await origin.connect()
        reused = connection.used
        try:
            status, keep = await _send(connection, request)
        except (OSError, EOFError):
            connection.writer.close()
            # The receiver closed a connection that had been idle: that says nothing about this callback.
            if reused:
                continue
            raise
        except BaseException:
            connection.writer.close()
            raise
        if keep:
            connection.used = True
            origin.idle.append(connection)
        else:
            connection.writer.close()
        return status


async def _send(connection: _Connection, request: bytes) -> tuple[int, bool]:
    """The status, and whether the connection may carry another request."""
    reader, writer = connection.reader, connection.writer
    writer.write(request)
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            raise BadAnswerError("the head of the answer is too long") from None
        status_line, *lines = head[:-4].split(b"\r\n")
        status = _status(status_line)
        if status >= _HTTP_STATUS_FIRST:
            break
    fields = {
        name.strip().lower(): value.strip().lower() for name, _, value in (line.partition(b":") for line in lines)
    }
    keep = status_line.startswith(b"HTTP/1.1") and fields.get(b"connection") != b"close"
    length = b"0" if status in _NO_BODY else fields.get(b"content-length", b"")
    # A body of unknown or great length is not worth reading: a new connection is cheaper.
    if b"transfer-encoding" in fields or not length.isdigit() or int(length) > DRAINED_BYTES_MAX:
        return status, False
    await reader.readexactly(int(length))
    return status, keep


def _status(line: bytes) -> int:
    version, _, rest = line.partition(b" ")
    code = rest[:3]
    if not version.startswith(b"HTTP/1.") or len(code) != 3 or not code.isdigit():  # noqa: PLR2004 - RFC 9112 section 4
        raise BadAnswerError("the answer is not HTTP")
    return int(code)
