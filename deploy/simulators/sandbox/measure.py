"""CPU that the sandbox spends on a payment: create, approve, sign, deliver, store.

`python -m deploy.simulators.sandbox.measure [payments] [per second]` starts a sandbox and a bare receiver, and reads
the sandbox's CPU time from the system. The load generator and the receiver are not counted.
"""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import cast

import httpx

from deploy.simulators.callbacks.client import CallbackClient

PLATFORM_KEY, CONTROL_KEY = "platform-key-for-measuring", "control-key-for-measuring"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
DRAIN_SECONDS = 60.0


class Receiver(asyncio.Protocol):
    """Answers 200 to every request, as cheaply as can be."""

    received = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not instances of asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._buffer = b""

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            if len(self._buffer) < end + 4 + length:
                return
            self._buffer = self._buffer[end + 4 + length :]
            Receiver.received += 1
            self._transport.write(ANSWER)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_seconds(pid: int) -> float:
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:  # noqa: PTH123 - not a file to be resolved
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def running_sandbox() -> AsyncGenerator[tuple[int, httpx.AsyncClient]]:
    """Its process id, and a client of its API."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environ = os.environ | {
            "PAYLINKS_SANDBOX_PORT": str(port),
            "PAYLINKS_SANDBOX_DATA": folder,
            "PAYLINKS_SANDBOX_URL": f"http://127.0.0.1:{port}",
            "PAYLINKS_SANDBOX_PLATFORM_KEY": PLATFORM_KEY,
            "PAYLINKS_SANDBOX_CONTROL_KEY": CONTROL_KEY,
        }
        # Nothing is read from it, so it can be started and forgotten about until it is stopped.
        process = subprocess.Popen(  # noqa: ASYNC220
            [sys.executable, "-m", "deploy.simulators.sandbox"], env=environ
        )
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                await _until_healthy(client)
                yield process.pid, client
        finally:
            process.terminate()
            process.wait(10)


async def _until_healthy(client: httpx.AsyncClient) -> None:
    for _ in range(100):
        try:
            await client.get("/health")
        except httpx.TransportError:
            await asyncio.sleep(0.1)
        else:
            return
    raise TimeoutError


async def payments(count: int, per_second: int) -> None:
    loop = asyncio.get_running_loop()
    receiver_port = free_port()
    receiver = await loop.create_server(Receiver, "127.0.0.1", receiver_port)
    async with receiver, running_sandbox() as (pid, client):
        answer = await client.post(
            "/v1/accounts",
            headers={"Authorization": f"Bearer {PLATFORM_KEY}"},
            json={"reference": "0190c3c2-0000-7000-8000-000000000001", "name": "Measured"},
        )
        api_key = answer.json()["api_key"]

        async def create(number: int) -> None:
            body = {
                "reference": f"r{number}",
                "amount": 50_000,
                "currency": "UGX",
                "method": "mobile_money",
                "phone": "+256772123456",
                "callback_url": f"http://127.0.0.1:{receiver_port}/callbacks/sandbox/acct_1",
                "return_url": "http://127.0.0.1:8080/checkout/x",
                "metadata": {"charge": f"r{number}"},
            }
            headers = {"Authorization": f"Bearer {api_key}", "Idempotency-Key": f"k{number}"}
            created = await client.post("/v1/payments", json=body, headers=headers)
            created.raise_for_status()

        before, started = cpu_seconds(pid), time.monotonic()
        creating: list[asyncio.Task[None]] = []
        for number in range(count):
            await asyncio.sleep(max(0.0, started + number / per_second - time.monotonic()))
            creating.append(asyncio.create_task(create(number)))
        await asyncio.gather(*creating)
        created_seconds = time.monotonic() - started
        async with asyncio.timeout(DRAIN_SECONDS):
            while Receiver.received < count:  # noqa: ASYNC110 - 20 looks a second cost nothing here
                await asyncio.sleep(0.05)
        cpu = cpu_seconds(pid) - before
    print(f"{count} payments in {created_seconds:.1f} s, {Receiver.received} callbacks received")
    print(f"sandbox: {cpu / count * 1_000:.2f} ms CPU per payment")


async def clients(count: int) -> None:
    """The client that delivers callbacks beside httpx, in this process, less the receiver's share."""
    loop = asyncio.get_running_loop()
    port = free_port()
    receiver = await loop.create_server(Receiver, "127.0.0.1", port)
    url, body, headers = (
        f"http://127.0.0.1:{port}/callbacks/sandbox/a",
        b"x" * 700,
        {"Content-Type": "application/json"},
    )
    lean = CallbackClient(timeout_seconds=5)
    async with receiver, httpx.AsyncClient() as pooled:
        for name, post in (
            ("lean client", lambda: lean.send("POST", url, body, headers=headers)),
            ("httpx", lambda: pooled.post(url, content=body, headers=headers)),
        ):
            await post()
            before = time.process_time()
            for _ in range(count):
                await post()
            print(
                f"{name}: {(time.process_time() - before) / count * 1_000:.3f} ms CPU per callback (with its receiver)"
            )
    lean.close()


if __name__ == "__main__":
    import uvloop

    total = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    rate = int(sys.argv[2]) if len(sys.argv) > 2 else 100  # noqa: PLR2004 - the second argument
    uvloop.run(payments(total, rate))
    uvloop.run(clients(2_000))
