"""What happens to uses of links, as tests say it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.links.use_cases.settle_use import release_use, settle_use, take_in_facts
from shared.contracts.checkout import (
    ChargeEvent,
    ChargeSucceeded,
    CustomerView,
)
from shared.contracts.envelope import Event, Received, type_of
from shared.contracts.links import (
    HoldUse,
    ReleaseUse,
    SettleUse,
    UseState,
)
from shared.kernel.ids import new_id
from shared.kernel.money import Money
from tests.support.links import ROOT, LinksService, Tenant

TOTAL = Money(50_000, "UGX")


async def settle(service: LinksService, ask: HoldUse, **over: Any) -> UseState:
    fields = {"org_id": ask.org_id, "link_id": ask.link_id, "session_id": ask.session_id, "charge_id": ask.charge_id}
    return await settle_use(service.pg, SettleUse(**fields | {"total": TOTAL} | over), now=service.now())


async def release(service: LinksService, ask: HoldUse, **over: Any) -> UseState:
    fields = {"org_id": ask.org_id, "link_id": ask.link_id, "session_id": ask.session_id, "charge_id": ask.charge_id}
    return await release_use(service.pg, ReleaseUse(**fields | {"reason": "failed"} | over), now=service.now())


async def uses(shop: Tenant, link: dict[str, Any]) -> tuple[int, int]:
    counters = (await shop.read(link["id"]))["uses"]
    return counters["used"], counters["held"]


async def stats(shop: Tenant, link: dict[str, Any]) -> dict[str, Any]:
    return (await shop.client.get(f"{ROOT}/{link['id']}/stats")).json()


def fact(kind: type[ChargeEvent], ask: HoldUse, *, version: int, at: datetime, **more: Any) -> ChargeEvent:
    fields: dict[str, Any] = {
        "org_id": ask.org_id,
        "link_id": ask.link_id,
        "charge_id": ask.charge_id,
        "session_id": ask.session_id,
        "version": version,
        "total": TOTAL,
        "method": "mobile_money",
        "provider": "sandbox",
        "livemode": False,
        "at": at,
    }
    return kind(**fields | more)


def succeeded(ask: HoldUse, *, version: int, at: datetime, **more: Any) -> ChargeEvent:
    return fact(
        ChargeSucceeded,
        ask,
        version=version,
        at=at,
        customer=CustomerView(email="amina@example.com"),
        link_title="Invoice",
        merchant_name="Kampala Coffee",
        receipt_number="R-1",
        payer_hint="+256 77* *** 456",
        **more,
    )


async def take_in(service: LinksService, *events: Event) -> None:
    received: Sequence[Received] = [
        Received(new_id(), type_of(type(event)), service.now(), None, None, event) for event in events
    ]
    async with service.pg.transaction() as tx:
        await take_in_facts(tx, received, now=service.now())
