"""Buyers who pay one link at once, each as far as they get."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import msgspec

from deploy.cli.simulation.world import World

AT_ONCE_MAX = 50
PATIENCE_SECONDS = 90.0
LOOK_AGAIN_SECONDS = 0.25


class Sale(msgspec.Struct, kw_only=True):
    """`outcome` is `paid`, the state in which it was left, or the code of the refusal. The rest the provider says."""

    number: int
    email: str
    outcome: str
    seconds: float
    charge_id: str | None = None
    captured: int | None = None
    callbacks: int | None = None
    callbacks_due: int = 0

    @property
    def paid(self) -> bool:
        return self.outcome == "paid"


async def pay(world: World, link: dict[str, Any], count: int) -> Sequence[Sale]:
    """What became of each buyer, in their order."""
    room = asyncio.Semaphore(AT_ONCE_MAX)
    run = uuid4().hex[:8]

    async def one(number: int) -> Sale:
        async with room:
            return await _buyer(world, link, number, email=f"buyer-{number}.{run}@simulated.test")

    return await asyncio.gather(*(one(number) for number in range(1, count + 1)))


async def _buyer(world: World, link: dict[str, Any], number: int, *, email: str) -> Sale:
    began = time.monotonic()

    def sale(outcome: str, charge: dict[str, Any] | None = None) -> Sale:
        seconds = round(time.monotonic() - began, 2)
        charge_id = charge["id"] if charge else None
        return Sale(number=number, email=email, outcome=outcome, seconds=seconds, charge_id=charge_id)

    opened = await world.buyer("POST", f"/v1/checkout/{link['slug']}/sessions", {"customer": {"email": email}})
    if not opened.is_success:
        return sale(_code(opened.content))
    session = msgspec.json.decode(opened.content, type=dict[str, Any])
    path, token = f"/v1/checkout/sessions/{session['id']}", {"Authorization": f"Bearer {session['token']}"}
    # Ordinary numbers: those whose last six digits are 0000NN have an outcome of their own.
    means = {"method": "mobile_money", "phone": f"+2567721{number:05}"}
    started = await world.buyer("POST", f"{path}/pay", means, token)
    if not started.is_success:
        return sale(_code(started.content))
    while True:
        now: dict[str, Any] = msgspec.json.decode((await world.buyer("GET", path, None, token)).content)
        charge = now.get("charge")
        if now.get("status") == "paid" or (now.get("status") != "paying" and charge):
            return sale(now.get("status", "unknown"), charge)
        if time.monotonic() - began > PATIENCE_SECONDS:
            return sale(f"still {now.get('status')}", charge)
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


def _code(content: bytes) -> str:
    try:
        return str(msgspec.json.decode(content, type=dict[str, Any]).get("code", "refused"))
    except msgspec.MsgspecError:
        return "refused"
