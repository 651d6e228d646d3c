"""A sandbox provider in a process of its own, and a receiver that its callbacks really arrive at."""

import asyncio
import hashlib
import hmac
import json
import os
import signal
import sys
import time
import uuid
from collections import deque
from pathlib import Path
from typing import Any

import httpx

from tests.support.processes import free_port

PLATFORM_KEY = "platform-key-of-the-tests"
CONTROL_KEY = "control-key-of-the-tests"


class Receiver:
    """Keeps every callback; answers what `answers` says first, then 200."""

    def __init__(self) -> None:
        self.received: list[tuple[str, bytes, float]] = []
        self.answers: deque[int] = deque()
        self.port = 0

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        self._server.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/callbacks"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                fields = dict(line.lower().split(": ", 1) for line in head.strip().split("\r\n")[1:])
                body = await reader.readexactly(int(fields["content-length"]))
                self.received.append((fields["sandbox-signature"], body, time.time()))
                status = self.answers.popleft() if self.answers else 200
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def of(self, payment: dict[str, Any]) -> list[dict[str, Any]]:
        events = [json.loads(body) for _, body, _ in self.received]
        return [event for event in events if event["data"]["id"] == payment["id"]]

    async def until(self, payment: dict[str, Any], count: int, within: float = 8.0) -> list[dict[str, Any]]:
        async with asyncio.timeout(within):
            while len(self.of(payment)) < count:  # noqa: ASYNC110 - a test looks until it sees
                await asyncio.sleep(0.02)
        return self.of(payment)


class SandboxProcess:
    def __init__(self, folder: Path, *, approve_after_ms: int = 150) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "sandbox.log"
        self.environ = os.environ | {
            "PAYLINKS_SANDBOX_PORT": str(self.port),
            "PAYLINKS_SANDBOX_DATA": str(folder / "data"),
            "PAYLINKS_SANDBOX_URL": self.url,
            "PAYLINKS_SANDBOX_PLATFORM_KEY": PLATFORM_KEY,
            "PAYLINKS_SANDBOX_CONTROL_KEY": CONTROL_KEY,
            "PAYLINKS_SANDBOX_APPROVE_AFTER_MS": str(approve_after_ms),
        }
        self.http = httpx.AsyncClient(base_url=self.url, timeout=30, trust_env=False)

    async def spawn(self) -> None:
        """Starts it and does not wait."""
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "deploy.simulators.sandbox", env=self.environ, stderr=log
            )

    async def start(self) -> None:
        await self.spawn()
        async with asyncio.timeout(20):
            while True:
                assert self.process.returncode is None, self.log.read_text()[-2000:]
                try:
                    await self.http.get("/health")
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
                else:
                    return

    async def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        await self.process.wait()

    async def stop(self) -> float:
        """How many seconds a SIGTERM took."""
        began = time.monotonic()
        if self.process.returncode is None:
            self.process.terminate()
        await self.process.wait()
        return time.monotonic() - began

    async def control(self, method: str, path: str, body: Any = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {CONTROL_KEY}"}
        return await self.http.request(method, f"/control{path}", headers=headers, json=body)

    async def open_account(self, name: str = "Kampala Crafts") -> dict[str, str]:
        headers = {"Authorization": f"Bearer {PLATFORM_KEY}"}
        body = {"reference": str(uuid.uuid4()), "name": name}
        answer = await self.http.post("/v1/accounts", headers=headers, json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()


class Merchant:
    def __init__(self, sandbox: SandboxProcess, receiver: Receiver, account: dict[str, str]) -> None:
        self.sandbox, self.receiver, self.account = sandbox, receiver, account

    def body(self, **fields: Any) -> dict[str, Any]:
        body = {
            "reference": uuid.uuid4().hex,
            "amount": 50_000,
            "currency": "UGX",
            "method": "card" if "card_token" in fields else "mobile_money",
            "callback_url": self.receiver.url,
        }
        if body["method"] == "mobile_money":
            body["phone"] = "+256772123456"
        return body | fields

    async def post(self, body: dict[str, Any], key: str | None = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.account['api_key']}", "Idempotency-Key": key or uuid.uuid4().hex}
        return await self.sandbox.http.post("/v1/payments", json=body, headers=headers)

    async def pay(self, **fields: Any) -> dict[str, Any]:
        answer = await self.post(self.body(**fields))
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def get(self, path: str) -> httpx.Response:
        return await self.sandbox.http.get(path, headers={"Authorization": f"Bearer {self.account['api_key']}"})

    async def show(self, payment: dict[str, Any]) -> dict[str, Any]:
        return (await self.get(f"/v1/payments/{payment['id']}")).json()

    async def until(self, payment: dict[str, Any], status: str, within: float = 8.0) -> dict[str, Any]:
        async with asyncio.timeout(within):
            while (shown := await self.show(payment))["status"] != status:  # noqa: ASYNC110 - a test looks until it sees
                await asyncio.sleep(0.03)
        return shown

    async def captured(self, payment: dict[str, Any]) -> int:
        ledger = (await self.sandbox.control("GET", f"/payments?reference={payment['reference']}")).json()["data"]
        return ledger[0]["captured"]

    def signed(self, header: str, body: bytes) -> bool:
        timestamp, _, digest = header.removeprefix("t=").partition(",v1=")
        expected = hmac.new(self.account["webhook_secret"].encode(), f"{timestamp}.".encode() + body, hashlib.sha256)
        return hmac.compare_digest(expected.hexdigest(), digest)
