"""A provider's simulator in a process of its own, and a receiver that its callbacks really arrive at."""

import asyncio
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from deploy.local.probes import http_answers
from deploy.local.program import Program
from tests.support.processes import Server, free_port

CONTROL_KEY = "control-key-of-the-tests"


class Received(NamedTuple):
    """`headers` have names in small letters."""

    method: str
    headers: dict[str, str]
    body: bytes


class Receiver:
    """Keeps every callback. Answers 500 once about each of `failing`, else what `answers` says first, then 200."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answers: deque[int] = deque()
        self.failing: set[str] = set()
        self._port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/callbacks"

    async def until(
        self, count: int, about: Callable[[Received], bool] = lambda _: True, within: float = 8.0
    ) -> list[Received]:
        """All so far that are `about` it, once there are `count`."""
        async with asyncio.timeout(within):
            while len(found := [one for one in self.received if about(one)]) < count:  # noqa: ASYNC110 - a test looks until it sees
                await asyncio.sleep(0.02)
        return found

    async def of(self, reference: str, count: int = 1) -> list[Received]:
        """All so far that name this reference, once there are `count`."""
        return await self.until(count, lambda one: reference.encode() in one.body)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers["content-length"]))
                self.received.append(Received(first.split()[0], headers, body))
                status = self._status(body)
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _status(self, body: bytes) -> int:
        if failing := next((one for one in self.failing if one.encode() in body), None):
            self.failing.remove(failing)
            return 500
        return self.answers.popleft() if self.answers else 200


class Simulator:
    """`name` is the provider's; `keys` are what its environment names beside port, data and control key."""

    def __init__(self, name: str, folder: Path, **keys: str) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        prefix = "PAYLINKS_SANDBOX" if name == "sandbox" else f"PAYLINKS_{name.upper()}_SIM"
        environment = {
            f"{prefix}_PORT": str(port),
            f"{prefix}_DATA": str(folder / "data"),
            f"{prefix}_URL": self.url,
            f"{prefix}_CONTROL_KEY": CONTROL_KEY,
        } | {f"{prefix}_{key.upper()}": value for key, value in keys.items()}
        program = Program(
            name=name,
            command=[sys.executable, "-m", f"deploy.simulators.{name}"],
            environment=environment,
            is_ready=lambda: http_answers(f"{self.url}/health"),
        )
        self.server = Server(program, url=self.url, log=folder / "log")
        self.http = httpx.AsyncClient(base_url=self.url, timeout=10, trust_env=False)

    async def start(self) -> None:
        await self.server.start()

    async def stop(self) -> None:
        await self.http.aclose()
        await self.server.stop()
        log = self.server.log.read_text()
        assert "unexpected" not in log, log
        assert "4242424242424242" not in log

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        answer = await self.tried(method, path, body)
        assert answer.is_success, answer.text
        return answer.json()

    async def tried(self, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {CONTROL_KEY}"}
        return await self.http.request(method, f"/control{path}", headers=headers, json=body)

    async def faults(self, **faults: Any) -> None:
        await self.control("PUT", "/faults", faults)

    async def books(self, reference: str) -> list[dict[str, Any]]:
        """The provider's own ledger of one reference."""
        return (await self.control("GET", f"/payments?reference={reference}"))["data"]

    async def payment(self, reference: str) -> dict[str, Any]:
        (found,) = await self.books(reference)
        return found

    async def replay(self, event_id: str, **how: Any) -> None:
        sent = (await self.control("GET", "/callbacks"))["data"]
        row = next(one["id"] for one in sent if one["event_id"] == event_id)
        await self.control("POST", f"/callbacks/{row}/replay", how)
