"""The comparison of each day makes itself: once for an account and day, by any number of replicas."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.checkout.domain.reconciliation import first_id
from tests.support.checkout import Rig, eventually
from tests.support.checkout import rig as rig  # noqa: PLC0414 - a fixture
from tests.support.cli import ended
from tests.support.refunds import Shop

DAYS = (1, 2, 5)
LONG_AGO = 40


async def made_on(rig: Rig, charge: str, day: datetime) -> None:
    """Moves a charge to that day."""
    moved = UUID(int=first_id(day).int + UUID(charge).int % 2**64)
    await rig.pg.execute("UPDATE charge SET id = $2, created_at = $3 WHERE id = $1", UUID(charge), moved, day)


async def reports(shop: Shop) -> list[Any]:
    return await shop.rig.pg.fetch(
        "SELECT day, compared, differing, unanswered, made_at, lease_until FROM reconciliation WHERE org_id = $1"
        " ORDER BY day",
        shop.link.org_id,
    )


async def test_two_replicas_make_each_report_once_and_a_downtime_is_made_up_for(rig: Rig) -> None:
    shops = [Shop(rig), Shop(rig)]
    # A day is compared from one o'clock on.
    noon = (datetime.now(UTC) - timedelta(hours=1)).replace(hour=12, minute=0, second=0, microsecond=0)
    for shop in shops:
        shop.key = rig.links.key(shop.link.org_id, "charges:read", "refunds:write", "providers:read")
        for days in (*DAYS, LONG_AGO):
            await made_on(rig, await shop.paid(), noon - timedelta(days=days))
        assert await reports(shop) == []
    await rig.checkout.stop()
    await rig.restart()
    await rig.replica()

    async def all_there() -> bool:
        found = [report for shop in shops for report in await reports(shop)]
        return len(found) == len(DAYS) * len(shops) and all(one["lease_until"] is None for one in found)

    await eventually(all_there, seconds=10)
    before = [await reports(shop) for shop in shops]
    for found in before:
        assert [one["day"] for one in found] == [(noon - timedelta(days=days)).date() for days in reversed(DAYS)]
        assert {(one["compared"], one["differing"], one["unanswered"]) for one in found} == {(1, 0, 0)}
    made = "".join(path.read_text() for path in rig.folder.glob("services.checkout*.log")).count("reconciliation.made")
    assert made == len(DAYS) * len(shops)
    # Whoever comes later finds nothing left to do.
    await rig.restart()
    (listed,) = (await shops[0].get(f"/v1/reconciliations?day={before[0][0]['day']}"))["data"]
    assert (listed["compared"], listed["differences"]) == (1, [])
    assert [await reports(shop) for shop in shops] == before


@pytest.mark.parametrize(("days", "text"), [(1, "1 compared, 0 unanswered, 0 differ"), (3, "No charges on that day.")])
async def test_the_operator_makes_a_report_by_hand(rig: Rig, days: int, text: str) -> None:
    shop = Shop(rig)
    noon = datetime.now(UTC).replace(hour=12)
    await made_on(rig, await shop.paid(), noon - timedelta(days=1))
    day = str((noon - timedelta(days=days)).date())
    code, said, errors = await ended("reconcile", "--day", day, "--org", str(shop.link.org_id), "--nats", rig.nats_url)
    assert (code, text in said) == (0, True), said + errors
