"""A small load generator: HTTP/1.1 over kept-open connections on one uvloop, cheap enough to leave the server a core.

Closed loop (`saturate`): every connection sends its next request when the answer is there; finds the throughput.
Open loop (`Pool` with a schedule of one's own): requests start when they are due, whether or not others are done.
"""

import asyncio
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Self
from urllib.parse import urlsplit

import msgspec

CONNECTIONS = 16


class Answer(msgspec.Struct, frozen=True):
    status: int
    body: bytes


class Client(asyncio.Protocol):
    """One connection, one request at a time; `answered` is called with each answer."""

    def __init__(self, answered: Callable[[Answer], None], lost: Callable[[Exception | None], None]) -> None:
        self._answered = answered
        self._lost = lost
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    @classmethod
    async def connect(
        cls, url: str, answered: Callable[[Answer], None], lost: Callable[[Exception | None], None]
    ) -> Self:
        parts = urlsplit(url)
        _, client = await asyncio.get_running_loop().create_connection(
            lambda: cls(answered, lost), parts.hostname, parts.port
        )
        return client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost(exc)

    def send(self, request: bytes) -> None:
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if (answer := _answer_in(self._buffer)) is not None:
            self._buffer = b""
            self._answered(answer)

    def close(self) -> None:
        self._transport.close()


def _answer_in(raw: bytes) -> Answer | None:
    """The answer, once it is whole."""
    end = raw.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = raw[:end].lower()
    at = head.find(b"\r\ncontent-length:")
    if at >= 0:
        stop = head.find(b"\r\n", at + 2)
        length = int(head[at + 17 : stop if stop > 0 else end])
        return Answer(int(head[9:12]), raw[end + 4 :]) if len(raw) - end - 4 >= length else None
    if b"transfer-encoding: chunked" in head:
        body = _unchunked(raw[end + 4 :])
        return None if body is None else Answer(int(head[9:12]), body)
    return Answer(int(head[9:12]), b"")


def _unchunked(raw: bytes) -> bytes | None:
    parts = []
    while True:
        line, mark, raw = raw.partition(b"\r\n")
        if not mark:
            return None
        size = int(line, 16)
        if len(raw) < size + 2:
            return None
        if size == 0:
            return b"".join(parts)
        parts.append(raw[:size])
        raw = raw[size + 2 :]


def request_bytes(method: str, url: str, *, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {path} HTTP/1.1", f"Host: {parts.netloc}"]
    if body or method in {"POST", "PATCH", "PUT"}:
        lines += [f"Content-Length: {len(body)}", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Pool:
    """Connections to one server, as many as requests are under way at once."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._idle: list[Client] = []
        self._all: list[Client] = []

    async def ask(self, request: bytes) -> Answer:
        """Raises: ConnectionError."""
        arrived: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()

        def answered(answer: Answer) -> None:
            arrived.done() or arrived.set_result(answer)

        def lost(error: Exception | None) -> None:
            arrived.done() or arrived.set_exception(error or ConnectionError("closed by the server"))

        client = self._idle.pop() if self._idle else None
        if client is None or client._transport.is_closing():
            client = await Client.connect(self._url, answered, lost)
            self._all.append(client)
        else:
            client._answered, client._lost = answered, lost
        client.send(request)
        answer = await arrived
        self._idle.append(client)
        return answer

    def close(self) -> None:
        for client in self._all:
            client.close()


class Result(msgspec.Struct, kw_only=True):
    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    last: bytes

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds


async def saturate(
    url: str,
    make: Callable[[int], bytes],
    *,
    seconds: float = 3600,
    count: int = 10**9,
    connections: int = CONNECTIONS,
    expect: int = 200,
) -> Result:
    """Throughput and latency of `connections` that never pause, for so long or so many requests.

    Raises:
        RuntimeError: an answer had another status than `expect`; such a run says nothing.
    """
    run = _Saturation(make, seconds=seconds, count=count)
    clients = [await Client.connect(url, *run.hooks(number)) for number in range(connections)]
    await run.through(clients)
    for client in clients:
        client.close()
    if set(run.statuses) != {expect}:
        raise RuntimeError(f"{url} answered {dict(run.statuses)}, expected only {expect}: {run.last[:400]!r}")
    latencies = sorted(run.latencies)
    return Result(
        requests=len(latencies),
        seconds=run.seconds,
        p50_ms=percentile(latencies, 50) * 1000,
        p99_ms=percentile(latencies, 99) * 1000,
        last=run.last,
    )


class _Saturation:
    """Callbacks only, no tasks: the generator shares the machine with what it measures."""

    def __init__(self, make: Callable[[int], bytes], *, seconds: float, count: int) -> None:
        self._make = make
        self._left = count
        self._number = 0
        self._for_seconds = seconds
        self._under_way = 0
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sent_at: dict[int, float] = {}
        self._clients: list[Client] = []
        self._until = 0.0
        self.latencies: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.last = b""
        self.seconds = 0.0

    def hooks(self, number: int) -> tuple[Callable[[Answer], None], Callable[[Exception | None], None]]:
        def answered(answer: Answer) -> None:
            now = time.perf_counter()
            self.latencies.append(now - self._sent_at[number])
            self.statuses[answer.status] += 1
            self.last = answer.body
            self._under_way -= 1
            self._next(number, now)

        def lost(error: Exception | None) -> None:
            if not self._ended.done():
                self._ended.set_exception(error or ConnectionError("closed by the server"))

        return answered, lost

    async def through(self, clients: list[Client]) -> None:
        self._clients = clients
        began = time.perf_counter()
        self._until = began + self._for_seconds
        for number in range(len(clients)):
            self._next(number, began)
        await self._ended
        self.seconds = time.perf_counter() - began

    def _next(self, number: int, now: float) -> None:
        if self._left and now < self._until:
            self._left -= 1
            self._number += 1
            self._under_way += 1
            self._sent_at[number] = time.perf_counter()
            self._clients[number].send(self._make(self._number))
        elif not self._under_way and not self._ended.done():
            self._ended.set_result(None)


def percentile(ordered: "list[float] | deque[float]", percent: int) -> float:
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0
