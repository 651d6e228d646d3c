"""A provider's simulator in a process of its own, and a receiver that its callbacks really arrive at."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import httpx

from services.checkout.domain.charge import PaymentState
from services.checkout.providers.port import Accepted, Account, Order, Payment, Provider
from shared.contracts.links import Method
from shared.kernel.ids import new_id
from shared.kernel.moment import utc_now
from shared.kernel.money import Money
from tests.support.processes import free_port

CONTROL_KEY = "control-key-of-the-tests"


class Receiver:
    """Keeps every callback as (method, headers, body). The first about one of `failing` is answered 500."""

    def __init__(self) -> None:
        self.received: list[tuple[str, dict[str, str], bytes]] = []
        self.failing: set[str] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/callbacks"

    async def stop(self) -> None:
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                body = await reader.readexactly(int(headers["content-length"]))
                self.received.append((first.split()[0], headers, body))
                failing = next((one for one in self.failing if one.encode() in body), None)
                self.failing.discard(failing or "")
                status = 500 if failing else 200
                writer.write(f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n\r\n".encode())
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def of(self, reference: str, count: int = 1, within: float = 6.0) -> list[tuple[str, dict[str, str], bytes]]:
        """Those that name this reference, once there are so many."""

        def found() -> list[tuple[str, dict[str, str], bytes]]:
            return [one for one in self.received if reference.encode() in one[2]]

        async with asyncio.timeout(within):
            while len(found()) < count:  # noqa: ASYNC110 - a test looks until it sees
                await asyncio.sleep(0.02)
        return found()


class SimulatorProcess:
    def __init__(self, folder: Path, name: str, **settings: str) -> None:
        self.url = f"http://127.0.0.1:{(port := free_port())}"
        self.log = folder / f"{name}.log"
        self._name = name
        prefix = f"PAYLINKS_{name.upper()}_SIM_"
        known = {
            "PORT": str(port),
            "DATA": str(folder / name),
            "CONTROL_KEY": CONTROL_KEY,
            "APPROVE_AFTER_MS": "150",
        }
        self.environ = os.environ | {prefix + what: value for what, value in (known | settings).items()}
        self.http = httpx.AsyncClient(base_url=self.url, timeout=30, trust_env=False)

    async def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", f"deploy.simulators.{self._name}", env=self.environ, stderr=log
            )
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
        self.process.kill()
        await self.process.wait()

    async def stop(self) -> None:
        self.process.terminate()
        await self.process.wait()
        await self.http.aclose()
        assert "unexpected" not in self.log.read_text(), self.log.read_text()[-2000:]

    async def control(self, method: str, path: str, **body: Any) -> Any:
        headers = {"authorization": f"Bearer {CONTROL_KEY}"}
        answer = await self.http.request(method, f"/control{path}", headers=headers, json=body or None)
        assert answer.is_success, answer.text
        return answer.json()

    async def faults(self, **faults: Any) -> None:
        await self.control("PUT", "/faults", **({"callbacks": "deliver"} | faults))

    async def payment(self, reference: str) -> dict[str, Any]:
        """The provider's own word about a payment."""
        (found,) = (await self.control("GET", f"/payments?reference={reference}"))["data"]
        return found


class Desk:
    """A merchant's account at a provider, and the adapter that speaks for it."""

    def __init__(self, provider: Provider, account: Account, simulator: SimulatorProcess, receiver: Receiver) -> None:
        self.provider, self.account, self.simulator, self.receiver = provider, account, simulator, receiver

    def order(self, method: Method, minor: int, currency: str, **over: Any) -> Order:
        fields = {
            "reference": new_id().hex,
            "total": Money(minor, currency),
            "method": method,
            "phone": None,
            "card_token": None,
            "description": "Invoice #123",
            "callback_url": self.receiver.url,
            "return_url": "http://127.0.0.1:1/checkout/sessions/1",
        }
        return Order(**(fields | over))

    async def accepted(self, order: Order) -> PaymentState:
        result = await self.provider.create(self.account, order)
        assert isinstance(result, Accepted), result
        return result.state

    def payment(self, order: Order, *, known: bool = True) -> Payment:
        """As checkout remembers it; not `known`, where it never heard an answer."""
        return Payment(
            reference=order.reference,
            provider_id=self.provider_id(order) if known else None,
            method=order.method,
            total=order.total,
            created_at=utc_now(),
        )

    def provider_id(self, order: Order) -> str:
        return order.reference

    async def until(self, order: Order, *statuses: str, within: float = 6.0) -> PaymentState:
        async with asyncio.timeout(within):
            while True:
                result = await self.provider.status(self.account, self.payment(order))
                if isinstance(result, Accepted) and result.state.status in statuses:
                    return result.state
                await asyncio.sleep(0.03)


def account(provider: str, external_id: str, **credentials: str) -> Account:
    return Account(
        id=new_id(),
        org_id=new_id(),
        provider=provider,
        livemode=False,
        external_id=external_id,
        credentials=credentials,
    )


def body_of(**fields: Any) -> bytes:
    return json.dumps(fields).encode()
