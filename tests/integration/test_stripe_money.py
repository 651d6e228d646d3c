"""Money at Stripe after the capture: its fee, refunds that nobody asked us for or that come back, and disputes."""

from collections.abc import AsyncGenerator
from uuid import UUID

import pytest

from tests.support import servers
from tests.support.checkout import Rig, eventually
from tests.support.servers import Databases, Running
from tests.support.simulators import Simulator
from tests.support.stripe_shop import FEE, TOTAL, StripeShop, stripe_simulator

NET = TOTAL - FEE


@pytest.fixture(scope="module")
async def stripe(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Simulator, None]:
    simulator = await stripe_simulator(tmp_path_factory.mktemp("stripe"))
    yield simulator
    await simulator.stop()


@pytest.fixture(scope="module")
async def rig(
    databases: Databases, nats_server: Running, stripe: Simulator, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Rig, None]:
    await servers.forget_streams(nats_server.url)
    dsn = await databases.clone("checkout")
    folder = tmp_path_factory.mktemp("checkout")
    environment = {"PAYLINKS_STRIPE_URL": stripe.url}
    running = Rig(folder, dsn=dsn, nats_url=nats_server.url, environment=environment)
    await running.start()
    yield running
    await running.stop()
    await databases.drop(dsn)
    await servers.forget_streams(nats_server.url)


@pytest.fixture
async def shop(rig: Rig, stripe: Simulator) -> StripeShop:
    await stripe.faults()
    shop = StripeShop(rig, stripe)
    await shop.connect()
    return shop


async def has_fee(shop: StripeShop, charge: str) -> None:
    async def posted() -> bool:
        return "fees" in await shop.balances(charge)

    await shop.hurry()
    await eventually(posted)


# Fees


async def test_the_fee_is_asked_for_after_the_capture_and_posted_once(shop: StripeShop) -> None:
    charge = await shop.paid()
    assert await shop.balances(charge) == {"provider": TOTAL, "merchant": -TOTAL}
    await has_fee(shop, charge)
    assert await shop.balances(charge) == {"provider": NET, "merchant": -TOTAL, "fees": FEE}
    assert await shop.movements(charge) == ["charge", "fee"]
    assert await shop.rig.pg.fetchval("SELECT count(*) FROM fee_ask WHERE charge_id = $1", UUID(charge)) == 0


async def test_the_fee_is_asked_for_by_whoever_comes_after_a_death(shop: StripeShop) -> None:
    charge = await shop.paid()
    await shop.rig.restart(crash="recover.before-commit")
    await shop.hurry()
    await shop.rig.checkout.exited()
    assert await shop.movements(charge) == ["charge"]
    await shop.rig.restart()
    await has_fee(shop, charge)
    assert await shop.movements(charge) == ["charge", "fee"]


async def test_a_fee_that_the_comparison_of_the_day_finds_is_posted_once(shop: StripeShop) -> None:
    charge = await shop.paid()
    await shop.rig.pg.execute("DELETE FROM fee_ask")
    day = (await shop.charge(charge))["created_at"][:10]
    for _ in range(2):
        told = await shop.rig.reconcile(day, shop.link.org_id)
        assert [(one.compared, one.unanswered, one.differences) for one in told.accounts] == [(1, 0, 0)]
        assert await shop.movements(charge) == ["charge", "fee"]


# Refunds at the provider's dashboard


async def test_what_is_refunded_at_the_dashboard_is_a_refund_of_ours_once(shop: StripeShop) -> None:
    charge = await shop.paid()
    await shop.stripe.faults(callbacks="duplicate", callback_times=3)
    external = await shop.refund_there(charge, 500)
    shown = await shop.until(charge, refunded_minor=500, refunding_minor=0)
    await shop.quiet()
    assert (shown["refund_status"], shown["refundable_minor"]) == ("partial", TOTAL - 500)
    (refund,) = await shop.refunds(charge)
    assert (refund["status"], refund["origin"], refund["asked_by"]) == ("succeeded", "provider", "provider")
    assert refund["amount"] == {"amount_minor": 500, "currency": "USD"}
    assert await shop.rig.pg.fetchval("SELECT provider_id FROM refund WHERE id = $1", UUID(refund["id"])) == external
    assert (await shop.balances(charge))["refunds"] == 500
    assert await shop.facts(charge) == ["refund.created", "refund.succeeded", "charge.refunded"]
    assert {verdict for _, verdict in await shop.verdicts()} <= {"accepted", "duplicate", "ignored"}


async def test_parts_that_are_given_back_here_and_there_are_bounded_by_what_came_in(shop: StripeShop) -> None:
    charge = await shop.paid()
    await shop.refund_there(charge, 999)
    await shop.until(charge, refunded_minor=999)
    body = {"charge_id": charge}
    made = await shop.rig.http.post("/v1/refunds", json=body, headers=shop.key)
    assert made.json()["amount"]["amount_minor"] == 1000
    shown = await shop.until(charge, refunded_minor=TOTAL)
    await shop.quiet()
    assert (shown["refund_status"], shown["refundable_minor"]) == ("full", 0)
    assert sorted(one["origin"] for one in await shop.refunds(charge)) == ["merchant", "provider"]
    refused = await shop.rig.http.post("/v1/refunds", json=body, headers=shop.key)
    assert (refused.status_code, refused.json()["code"]) == (409, "refund_too_large")


async def test_a_refund_whose_own_callback_is_lost_is_learned_from_the_charges(shop: StripeShop) -> None:
    charge = await shop.paid()
    await shop.hears("charge.refunded")
    await shop.refund_there(charge, 700)
    await shop.until(charge, refunded_minor=700)
    await shop.quiet()
    assert [one["origin"] for one in await shop.refunds(charge)] == ["provider"]
    assert await shop.facts(charge) == ["refund.created", "refund.succeeded", "charge.refunded"]


async def test_a_refund_and_a_dispute_that_are_told_before_the_payment_wait_for_it(shop: StripeShop) -> None:
    await shop.hears("refund.created", "charge.dispute.created")
    session = await shop.begun()
    page = await shop.page(session)
    await shop.stripe.control("POST", f"/sessions/{page}/pay")
    charge = str(await shop.rig.pg.fetchval("SELECT id FROM charge WHERE provider_id = $1", page))
    await shop.rig.pg.execute("UPDATE charge SET next_poll_at = now() + interval '1 hour' WHERE id = $1", UUID(charge))
    await shop.refund_there(charge, 300)
    await shop.dispute(charge, amount=400)

    async def both_wait() -> bool:
        waits = "SELECT count(*) FROM callback WHERE account_id = $1 AND verdict = 'received' AND tries > 0"
        return await shop.rig.pg.fetchval(waits, UUID(shop.account["id"])) == 2

    await eventually(both_wait)
    assert (await shop.charge(charge))["status"] != "succeeded"
    await shop.rig.pg.execute("UPDATE charge SET next_poll_at = now() WHERE id = $1", UUID(charge))
    await shop.until(charge, status="succeeded")
    await shop.hurry()
    await shop.until(charge, refunded_minor=300, disputed_minor=400)
    await shop.hurry()
    await shop.quiet()
    # The answer that told of the capture told of the refund, too.
    assert {verdict for _, verdict in await shop.verdicts()} <= {"accepted", "duplicate"}
    assert len(await shop.refunds(charge)) == 1


async def test_money_of_the_account_that_is_not_ours_is_left_alone(shop: StripeShop) -> None:
    """The merchant sells by other means, too, and refunds that."""
    form = {
        "mode": "payment",
        "success_url": "http://x/y",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "usd",
        "line_items[0][price_data][unit_amount]": "5000",
        "line_items[0][price_data][product_data][name]": "Elsewhere",
    }
    headers = {"Authorization": f"Bearer {shop.secret_key}"}
    other = (await shop.stripe.http.post("/v1/checkout/sessions", data=form, headers=headers)).json()["id"]
    await shop.stripe.control("POST", f"/sessions/{other}/pay")
    await shop.stripe.control("POST", f"/sessions/{other}/refund", {"amount": 100})
    await shop.stripe.control("POST", f"/sessions/{other}/dispute", {})

    async def all_judged() -> bool:
        verdicts = await shop.verdicts()
        return len(verdicts) >= 6 and {verdict for _, verdict in verdicts} == {"ignored"}

    await eventually(all_judged, seconds=8)
    found = await shop.rig.pg.fetchval("SELECT count(*) FROM refund WHERE org_id = $1", shop.link.org_id)
    assert found == 0


# Refunds that come back


async def test_a_refund_that_fails_after_it_went_through_is_put_back_once(shop: StripeShop) -> None:
    charge = await shop.paid()
    body = {"charge_id": charge, "amount_minor": 1200}
    made = (await shop.rig.http.post("/v1/refunds", json=body, headers=shop.key)).json()
    await shop.until(charge, refunded_minor=1200)
    external = await shop.rig.pg.fetchval("SELECT provider_id FROM refund WHERE id = $1", UUID(made["id"]))
    await shop.stripe.faults(callbacks="shuffle", callback_times=3)
    await shop.end_refund(external, "failed")
    shown = await shop.until(charge, refunded_minor=0, refunding_minor=0)
    await shop.quiet()
    assert (shown["refund_status"], shown["refundable_minor"]) == ("none", TOTAL)
    (refund,) = await shop.refunds(charge)
    assert (refund["status"], refund["failure"]) == ("failed", "lost_or_stolen_card")
    assert "refunds" not in await shop.balances(charge)
    assert [one for one in await shop.movements(charge) if one != "fee"] == ["charge", "refund", "refund_failed"]
    facts = await shop.facts(charge)
    assert [one for one in facts if one != "callback.refused"] == [
        "refund.created", "refund.succeeded", "charge.refunded", "refund.failed",
    ]  # fmt: skip
    told = await shop.rig.pg.fetchval(
        "SELECT convert_from(data, 'UTF8')::jsonb ->> 'refunded' FROM outbox WHERE type = 'checkout.refund.failed'"
        " AND convert_from(data, 'UTF8')::jsonb ->> 'charge_id' = $1",
        charge,
    )
    assert '"amount_minor": 0' in told


async def test_late_words_about_a_refund_that_came_back_change_nothing(shop: StripeShop) -> None:
    charge = await shop.paid()
    external = await shop.refund_there(charge, 800)
    await shop.until(charge, refunded_minor=800)
    await shop.end_refund(external, "failed")
    await shop.until(charge, refunded_minor=0)
    await shop.quiet()
    before = (await shop.movements(charge), await shop.balances(charge))
    count = len(await shop.verdicts())
    sent = (await shop.stripe.control("GET", "/callbacks"))["data"]
    told = [one for one in sent if one["type"].startswith("refund.") and external in one["body"]]
    for one in told:
        await shop.stripe.control("POST", f"/callbacks/{one['id']}/replay", {})
    await shop.end_refund(external, "succeeded")

    async def heard() -> bool:
        return len(await shop.verdicts()) > count + len(told)

    await eventually(heard)
    await shop.quiet()
    assert (await shop.movements(charge), await shop.balances(charge)) == before
    assert (await shop.charge(charge))["refunded_minor"] == 0


async def test_what_came_back_may_be_given_back_again(shop: StripeShop) -> None:
    charge = await shop.paid()
    external = await shop.refund_there(charge)
    await shop.until(charge, refunded_minor=TOTAL)
    await shop.end_refund(external, "failed")
    await shop.until(charge, refunded_minor=0)
    again = await shop.rig.http.post("/v1/refunds", json={"charge_id": charge}, headers=shop.key)
    assert again.status_code == 202, again.text
    await shop.until(charge, refunded_minor=TOTAL)


# Disputes


@pytest.mark.parametrize(
    ("outcome", "disputed", "account"), [("won", 0, {}), ("lost", TOTAL, {"chargebacks": TOTAL})], ids=["won", "lost"]
)
async def test_a_dispute_finds_its_charge_and_runs_its_course(
    shop: StripeShop, outcome: str, disputed: int, account: dict[str, int]
) -> None:
    charge = await shop.paid()
    await has_fee(shop, charge)
    dispute = await shop.dispute(charge, reason="fraudulent")
    shown = await shop.until(charge, disputed_minor=TOTAL)
    assert shown["refundable_minor"] == 0
    provider = {"provider": NET - TOTAL} if NET != TOTAL else {}
    assert await shop.balances(charge) == provider | {"merchant": -TOTAL, "fees": FEE, "disputes": TOTAL}
    await shop.decide(dispute, outcome)
    await shop.until(charge, disputed_minor=disputed)
    await shop.quiet()
    (listed,) = (await shop.get(f"/v1/disputes?charge={charge}"))["data"]
    assert (listed["status"], listed["external_id"], listed["reason"]) == (outcome, dispute, "fraudulent")
    assert await shop.balances(charge) == {"provider": NET - disputed, "merchant": -TOTAL, "fees": FEE} | account
    assert await shop.facts(charge) == ["charge.disputed", "dispute.closed"]
    assert {verdict for _, verdict in await shop.verdicts()} <= {"accepted", "duplicate", "ignored"}


async def test_a_charge_from_before_its_payment_had_a_name_is_found_by_asking(shop: StripeShop) -> None:
    charge = await shop.paid()
    await has_fee(shop, charge)
    await shop.rig.pg.execute("UPDATE charge SET payment_id = NULL WHERE id = $1", UUID(charge))
    await shop.dispute(charge, amount=600)
    await shop.until(charge, disputed_minor=600)
    assert await shop.rig.pg.fetchval("SELECT payment_id FROM charge WHERE id = $1", UUID(charge)) is not None
