"""What links answers on the bus, and which facts it takes in."""

from collections.abc import Sequence

from services.links.use_cases.hold_use import Holds
from services.links.use_cases.read_links import find_by_slug
from services.links.use_cases.settle_use import release_use, settle_use, take_in_facts
from shared.contracts.checkout import (
    ChargeCreated,
    ChargeExpired,
    ChargeFailed,
    ChargePending,
    ChargeSucceeded,
    SessionAbandoned,
    SessionExpired,
)
from shared.contracts.envelope import Received
from shared.contracts.links import FindLink, FindLinkReply, HoldUse, ReleaseUse, SettleUse, UseState
from shared.contracts.subjects import LINK_FIND, USE_HOLD, USE_RELEASE, USE_SETTLE
from shared.runtime.consumer import Consumer
from shared.runtime.postgres import Transaction
from shared.runtime.service import Runtime

FACTS = (
    ChargeCreated,
    ChargePending,
    ChargeSucceeded,
    ChargeFailed,
    ChargeExpired,
    SessionExpired,
    SessionAbandoned,
)


def answer(runtime: Runtime, holds: Holds) -> None:
    """Subscribes to the questions. Asking twice is safe for every one of them."""

    async def find(ask: FindLink) -> FindLinkReply:
        return await find_by_slug(runtime.postgres, ask.slug)

    async def settle(ask: SettleUse) -> UseState:
        state = await settle_use(runtime.postgres, ask, now=runtime.clock())
        runtime.wake()
        return state

    async def release(ask: ReleaseUse) -> UseState:
        state = await release_use(runtime.postgres, ask, now=runtime.clock())
        runtime.wake()
        return state

    runtime.broker.reply(LINK_FIND, FindLink, find)
    runtime.broker.reply(USE_HOLD, HoldUse, holds.hold)
    runtime.broker.reply(USE_SETTLE, SettleUse, settle)
    runtime.broker.reply(USE_RELEASE, ReleaseUse, release)


def consumers(runtime: Runtime) -> list[Consumer]:
    """One consumer for all that follows from a charge: one transaction settles, releases and lists a whole batch."""

    async def charges(tx: Transaction, received: Sequence[Received]) -> None:
        await take_in_facts(tx, received, now=runtime.clock())

    return [
        Consumer(
            "charges",
            broker=runtime.broker,
            postgres=runtime.postgres,
            events=FACTS,
            handler=charges,
            committed=runtime.wake,
        )
    ]
