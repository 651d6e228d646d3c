"""Made in one dialect, changed in another, read in a third: for all of them, and nothing is lost."""

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from tests.support.dialects import CHANGERS, MINOR, VOICES, Shop, Voice, shop_of
from tests.support.links import ROOT, links_service
from tests.support.servers import Databases

MAKERS = [(voice, currency) for voice in VOICES for currency in voice.currencies]
MOVES = {"revision", "updated_at", "pageSize"}
"""What every change changes."""
KINDS = ("fixed", "flexible", "open", "product", "plan", "cart")


def by_name(value: Any) -> str | None:
    return value.name if isinstance(value, Voice) else None


@pytest.fixture(scope="module")
async def shop(databases: Databases) -> AsyncGenerator[Shop]:
    dsn = await databases.clone("links")
    async with links_service(dsn) as service:
        yield await shop_of(service)
    await databases.drop(dsn)


async def differing(shop: Shop, link_id: str, voice: Voice, before: dict[str, Any]) -> set[str]:
    after = await voice.read(shop, link_id)
    return {key for key in after.keys() | before.keys() if after.get(key) != before.get(key)} - MOVES


async def check_change(shop: Shop, link_id: str, changer: Voice) -> None:
    before = {voice.name: await voice.read(shop, link_id) for voice in VOICES}
    native = await shop.native(link_id)
    await changer.alter(shop, link_id)
    now = await shop.native(link_id)
    assert {key for key in native if native[key] != now[key]} - MOVES == changer.changes
    for voice in VOICES:
        if voice.name != "native":
            told = {voice.says[field] for field in changer.changes if field in voice.says}
            moved = await differing(shop, link_id, voice, before[voice.name])
            assert told <= moved <= told | voice.moves, voice.name


@pytest.mark.parametrize("changer", CHANGERS, ids=by_name)
@pytest.mark.parametrize(("maker", "currency"), MAKERS, ids=by_name)
async def test_what_one_makes_another_changes_and_every_other_reads_it(
    shop: Shop, maker: Voice, currency: str, changer: Voice
) -> None:
    link_id = await maker.make(shop, currency)
    pricing = (await shop.native(link_id))["pricing"]
    assert (pricing["amount_minor"], pricing["currency"]) == (MINOR[currency], currency)
    await check_change(shop, link_id, changer)


@pytest.mark.parametrize("changer", CHANGERS, ids=by_name)
@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_dialect_cannot_say_survives_its_changes(shop: Shop, kind: str, changer: Voice) -> None:
    answer = await shop.ask("native", "POST", ROOT, await everything(shop, kind))
    assert answer.status_code == 201, answer.text
    await check_change(shop, answer.json()["id"], changer)


async def everything(shop: Shop, kind: str) -> dict[str, Any]:
    return {
        "title": "Invoice #123", "description": "For June", "private_note": "Paid late last time", "uses_max": 5,
        "starts_at": "2026-01-01T00:00:00Z", "expires_at": "2031-12-31T23:59:59Z", "methods": ["card", "ussd"],
        "providers": ["sandbox"], "collect": {"name": "required", "phone": "optional"},
        "success_url": "https://shop.example.com/ok", "cancel_url": "https://shop.example.com/no",
        "branding": {"logo_url": "https://shop.example.com/l.png", "color": "#112233"},
        "metadata": {"deep": {"list": [1, 2.50, None, "x"]}, "exact": 0.1}, "late_payment_policy": "refund",
        "internal_name": "June run", "coupons_allowed": True, "gate": "otp", "reference": "TX-1",
        "recipient": {"email": "amina@example.com", "name": "Amina"}, "scheduled_at": "2031-01-01T08:00:00Z",
        "pricing": await pricing_of(shop, kind),
    }  # fmt: skip


async def pricing_of(shop: Shop, kind: str) -> dict[str, Any]:
    match kind:
        case "fixed":
            return {"type": "fixed", "amount_minor": 12_345, "currency": "KWD"}
        case "flexible":
            return {"type": "flexible", "currency": "UGX", "min_minor": 500, "max_minor": 90_000}
        case "product":
            return {"type": "product", "product_id": (await shop.tenant.product())["id"]}
        case "plan":
            return {"type": "plan", "plan_id": (await shop.tenant.plan())["id"]}
        case "cart":
            product = await shop.tenant.product()
            return {"type": "cart", "currency": "UGX", "items": [{"product_id": product["id"], "quantity": 3}]}
        case _:
            return {"type": "open", "currency": "UGX"}
