"""Late money is counted, looked at or given back once; a dispute is written down; a late failure changes nothing."""

# ruff: noqa: F811 - pytest hands fixtures over by the name of a parameter

from typing import Any
from uuid import UUID

import pytest

from tests.support.checkout import Rig, eventually, rig  # noqa: F401 - a fixture
from tests.support.refunds import Shop

TOTAL = 50_000


async def reviewed(shop: Shop, charge: str, status: str) -> dict[str, Any]:
    async def there() -> bool:
        review = (await shop.get(f"/v1/charges/{charge}"))["review"]
        return review is not None and review["status"] == status

    await eventually(there, seconds=10)
    return await shop.get(f"/v1/charges/{charge}")


@pytest.mark.parametrize("policy", ["review", "accept"])
async def test_what_counts_as_no_use_is_listed_and_kept_by_a_person(rig: Rig, policy: str) -> None:
    shop = Shop(rig)
    charge, counted = await shop.paid(), await shop.paid()
    await shop.refused_use(charge, policy)
    shown = await reviewed(shop, charge, "open")
    assert shown["review"] == {"status": "open", "reason": "not_counted"}
    assert [one["id"] for one in (await shop.get("/v1/charges?review=true"))["data"]] == [charge]
    assert [one["id"] for one in (await shop.get("/v1/charges?status=succeeded"))["data"]] == [counted, charge]
    refused = await shop.post(f"/v1/charges/{counted}/accept")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_in_review")
    for _ in range(2):
        answer = await shop.post(f"/v1/charges/{charge}/accept")
        assert (answer.status_code, answer.json()["review"]["status"]) == (200, "accepted")
    assert (await shop.get("/v1/charges?review=true"))["data"] == []
    assert (await shop.post(f"/v1/charges/{charge}/refund")).json()["code"] == "not_in_review"
    assert await shop.facts(charge) == ["charge.needs_review", "charge.accepted"]


async def test_what_a_person_gives_back_goes_back_once(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    await shop.refused_use(charge, "review")
    await reviewed(shop, charge, "open")
    for _ in range(2):
        assert (await shop.post(f"/v1/charges/{charge}/refund")).status_code == 200
    (refund,) = (await shop.get(f"/v1/refunds?charge={charge}"))["data"]
    await shop.until(refund["id"], "succeeded")
    assert await shop.given_back(charge) == TOTAL


async def test_the_policy_refund_gives_back_by_itself_once(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    await shop.refused_use(charge, "refund")
    await reviewed(shop, charge, "refunded")
    (refund,) = (await shop.get(f"/v1/refunds?charge={charge}"))["data"]
    assert refund["asked_by"] == "policy"
    await shop.until(refund["id"], "succeeded")
    await shop.refused_use(charge, "refund")
    await rig.restart()
    assert len((await shop.get(f"/v1/refunds?charge={charge}"))["data"]) == 1
    assert await shop.given_back(charge) == TOTAL


@pytest.mark.parametrize("policy", ["accept", "review", "refund"])
async def test_what_went_back_before_it_was_put_aside_is_nobodys_to_decide(rig: Rig, policy: str) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    refund = (await shop.refund(charge)).json()
    await shop.refused_use(charge, policy)
    await reviewed(shop, charge, "refunded")
    await shop.until(refund["id"], "succeeded")
    assert await shop.given_back(charge) == TOTAL
    assert (await shop.get("/v1/charges?review=true"))["data"] == []
    assert "charge.needs_review" not in await shop.facts(charge)


async def test_a_death_while_late_money_is_taken_in_gives_it_back_once(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    await rig.restart(crash="consumer.late-money.before-ack")
    await shop.refused_use(charge, "refund")
    await rig.checkout.exited()
    await rig.restart()
    await reviewed(shop, charge, "refunded")
    (refund,) = (await shop.get(f"/v1/refunds?charge={charge}"))["data"]
    await shop.until(refund["id"], "succeeded")
    assert await shop.given_back(charge) == TOTAL


async def test_a_policy_refund_that_the_provider_refuses_is_somebodys_to_decide(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    payment = await shop.payment_id(charge)

    await rig.pg.execute("UPDATE charge SET provider_id = 'pay_gone' WHERE id = $1", UUID(charge))
    await shop.refused_use(charge, "refund")
    shown = await reviewed(shop, charge, "open")
    assert shown["review"]["reason"] == "refund_failed"
    assert (shown["refunding_minor"], shown["refundable_minor"]) == (0, TOTAL)
    assert await shop.facts(charge) == ["refund.created", "refund.failed", "charge.needs_review"]
    await rig.pg.execute("UPDATE charge SET provider_id = $2 WHERE id = $1", UUID(charge), payment)


async def told(shop: Shop, charge: str, **what: Any) -> None:
    path = f"/control/payments/{await shop.payment_id(charge)}/dispute"
    assert (await shop.rig.control.post(path, json=what)).status_code == 202


async def disputed(shop: Shop, charge: str, status: str) -> dict[str, Any]:
    async def there() -> bool:
        found = (await shop.get(f"/v1/disputes?charge={charge}"))["data"]
        return bool(found) and found[0]["status"] == status

    await eventually(there, seconds=10)
    (dispute,) = (await shop.get(f"/v1/disputes?charge={charge}"))["data"]
    return dispute


async def test_a_dispute_that_is_won_leaves_the_money_where_it_was(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    await told(shop, charge, amount=30_000)
    dispute = await disputed(shop, charge, "open")
    assert (dispute["amount"]["amount_minor"], dispute["reason"], dispute["closed_at"]) == (30_000, "fraudulent", None)
    assert await shop.ledger(charge) == {"provider": 20_000, "merchant": -TOTAL, "disputes": 30_000}
    assert (await shop.get(f"/v1/charges/{charge}"))["refundable_minor"] == 20_000
    assert (await shop.refund(charge, 20_001)).json()["code"] == "refund_too_large"
    await told(shop, charge, amount=30_000, status="won")
    await disputed(shop, charge, "won")
    await told(shop, charge, amount=30_000, status="lost")
    await told(shop, charge, amount=30_000, status="won")
    assert await shop.ledger(charge) == {"provider": TOTAL, "merchant": -TOTAL, "disputes": 0}
    assert (await shop.get(f"/v1/charges/{charge}"))["disputed_minor"] == 0
    assert await shop.facts(charge) == ["charge.disputed", "dispute.closed"]


async def test_a_dispute_that_is_heard_of_only_when_it_is_lost_is_written_down_whole(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    await told(shop, charge, status="lost")
    await disputed(shop, charge, "lost")
    assert await shop.ledger(charge) == {"provider": 0, "merchant": -TOTAL, "disputes": 0, "chargebacks": TOTAL}
    assert (await shop.get(f"/v1/charges/{charge}"))["disputed_minor"] == TOTAL
    assert await shop.facts(charge) == ["charge.disputed", "dispute.closed"]


async def test_a_late_failure_changes_nothing_and_is_kept_beside_the_charge(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    path = f"/control/payments/{await shop.payment_id(charge)}/callback"
    for kind in ("payment.failed", "payment.pending"):
        await rig.control.post(path, json={"type": kind, "same_event_id": False})

    async def both() -> bool:
        rows = await rig.pg.fetch("SELECT verdict FROM callback WHERE charge_id = $1", UUID(charge))
        return [row["verdict"] for row in rows].count("out_of_order") == 2

    await eventually(both)
    shown = await shop.get(f"/v1/charges/{charge}")
    assert shown["status"] == "succeeded"
    assert [one["said"] for one in shown["conflicts"]] == ["failed"]
    assert await shop.ledger(charge) == {"provider": TOTAL, "merchant": -TOTAL}
