"""One stage of full payments at a fixed rate: begun on time, followed on the bus, and what each process spent."""

import asyncio
import time
from collections.abc import Sequence
from itertools import count
from typing import Any
from uuid import UUID

import msgspec
from nats.aio.msg import Msg

from tests.bench.context import Bench
from tests.bench.load import Pool, request_bytes
from tests.bench.machine import Cpu, spent

COUNTED = "links.evt.v1.*.use.settled"
RECEIPT = "notify.evt.v1.*.mail.sent"
FOLLOW_SECONDS_MAX = 90
_RECEIVED = "SELECT charge_id, received_at FROM callback WHERE verdict = 'accepted' AND charge_id = ANY($1::uuid[])"
_numbers = count(100_000)


class Payment(msgspec.Struct):
    """Wall-clock seconds; 0 where it has not happened. `refused` is the first answer that was not 2xx."""

    number: int
    charge_id: UUID | None = None
    pay_seconds: float = 0
    callback_at: float = 0
    counted_at: float = 0
    receipt_at: float = 0


class _About(msgspec.Struct):
    charge_id: UUID


_about = msgspec.json.Decoder(_About)


class Stage:
    def __init__(self, bench: Bench, slugs: Sequence[str], *, rate: int, seconds: int, url: str) -> None:
        self.rate, self.seconds, self.url = rate, seconds, url
        self.payments: dict[int, Payment] = {}
        self.refused: list[str] = []
        self.backlog_seconds = 0.0
        self.cpu: Cpu = {}
        self._bench = bench
        self._slugs = slugs
        self._pool = Pool(url)
        self._counted: dict[UUID, float] = {}
        self._receipts: dict[UUID, float] = {}

    async def run(self) -> None:
        """Runs the stage and waits until every payment of it has ended.

        Raises:
            RuntimeError: a payment that was accepted did not end.
        """
        listening = [
            await self._bench.bus.subscribe(COUNTED, cb=self._note(self._counted)),
            await self._bench.bus.subscribe(RECEIPT, cb=self._note(self._receipts)),
        ]
        before = self._bench.processes.cpu()
        await self._offer()
        await self._follow()
        await self._bench.settle()
        self.cpu = spent(before, self._bench.processes.cpu())
        for subscription in listening:
            await subscription.unsubscribe()
        self._pool.close()
        await self._fill_in()

    async def _offer(self) -> None:
        """Open loop: one begins every 1/rate seconds, however the others do."""
        began = time.perf_counter()
        under_way: set[asyncio.Task[None]] = set()
        for place in range(self.rate * self.seconds):
            due = began + place / self.rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            task = asyncio.create_task(self._pay(next(_numbers)))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        lost = len(under_way)
        await asyncio.gather(*under_way)
        self.backlog_seconds = max(time.perf_counter() - began - self.seconds, lost / self.rate if lost else 0)

    async def _pay(self, number: int) -> None:
        payment = self.payments[number] = Payment(number)
        slug = self._slugs[number % len(self._slugs)]
        customer = {"customer": {"email": f"buyer{number}@bench.example", "name": "Amina Nakato"}}
        opened = await self._post(f"{self.url}/v1/checkout/{slug}/sessions", customer)
        if opened is None:
            return
        began = time.perf_counter()
        paid = await self._post(
            f"{self.url}/v1/checkout/sessions/{opened['id']}/pay",
            {"method": "mobile_money", "phone": f"+25677{number:07d}"},
            token=opened["token"],
        )
        payment.pay_seconds = time.perf_counter() - began
        if paid is not None:
            payment.charge_id = UUID(paid["charge"]["id"])

    async def _post(self, url: str, body: dict[str, Any], *, token: str | None = None) -> dict[str, Any] | None:
        headers = {"Authorization": f"Bearer {token}"} if token else None
        request = request_bytes("POST", url, body=msgspec.json.encode(body), headers=headers)
        try:
            answer = await self._pool.ask(request)
        except ConnectionError as error:
            self.refused.append(repr(error))
            return None
        if answer.status not in {201, 202}:
            self.refused.append(f"{answer.status} {answer.body[:300]!r}")
            return None
        return msgspec.json.decode(answer.body)

    def _note(self, where: dict[UUID, float]) -> Any:
        async def seen(message: Msg) -> None:
            where.setdefault(_about.decode(message.data).charge_id, time.time())

        return seen

    async def _follow(self) -> None:
        """Until all are counted and have their receipt. What that takes beyond the provider's own second is backlog."""
        began = time.perf_counter()
        charges = {payment.charge_id for payment in self.payments.values() if payment.charge_id}
        while not (charges <= self._counted.keys() and charges <= self._receipts.keys()):
            if time.perf_counter() - began > FOLLOW_SECONDS_MAX:
                missing = len(charges - self._counted.keys()), len(charges - self._receipts.keys())
                raise RuntimeError(
                    f"of {len(charges)} payments {missing[0]} are not counted, {missing[1]} have no receipt"
                )
            await asyncio.sleep(0.02)
        self.backlog_seconds += max(0.0, time.perf_counter() - began - 1.0)

    async def _fill_in(self) -> None:
        by_charge = {payment.charge_id: payment for payment in self.payments.values() if payment.charge_id}
        for row in await self._bench.databases["checkout"].fetch(_RECEIVED, list(by_charge)):
            by_charge[row["charge_id"]].callback_at = row["received_at"].timestamp()
        for charge_id, payment in by_charge.items():
            payment.counted_at = self._counted[charge_id]
            payment.receipt_at = self._receipts[charge_id]
