"""Our Wave adapter against a Wave in a process of its own, with real callbacks."""

import json
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.checkout.domain.charge import PaymentState, Redirect
from services.checkout.providers.port import (
    Absent,
    Accepted,
    Account,
    CannotExpire,
    Ignored,
    NotSent,
    Order,
    Payment,
    RefundOrder,
    RefundState,
    Refused,
    Signal,
    TooLate,
    Unknown,
    Unreachable,
)
from services.checkout.providers.wave.adapter import URL, Wave
from shared.kernel.ids import new_id
from shared.kernel.moment import utc_now
from shared.kernel.money import Money
from tests.support.processes import free_port
from tests.support.simulators import Received, Receiver, Simulator

KEY = "wave_sn_prod_of_the_integration_tests"
SECRET = "wave_sn_WHS_of_the_integration_tests"
ACCOUNT = Account(
    id=new_id(), org_id=new_id(), provider="wave", livemode=False, external_id="org-wave",
    credentials={"api_key": KEY, "webhook_secret": SECRET},
)  # fmt: skip


def an_order(minor: int = 5_000, currency: str = "XOF", **over: Any) -> Order:
    return Order(**{
        "reference": new_id().hex, "total": Money(minor, currency), "method": "mobile_money", "phone": "+221770000001",
        "card_token": None, "description": "Invoice", "callback_url": "http://x/c",
        "return_url": "http://127.0.0.1:1/back",
    } | over)  # fmt: skip


def payment(order: Order, provider_id: str | None) -> Payment:
    return Payment(
        reference=order.reference,
        provider_id=provider_id,
        method="mobile_money",
        total=order.total,
        created_at=utc_now(),
    )


def refund_order(of: Payment, minor: int | None = None) -> RefundOrder:
    amount = Money(of.total.minor if minor is None else minor, of.total.currency)
    return RefundOrder(reference=new_id().hex, payment=of, amount=amount)


class Shop:
    def __init__(self, wave: Simulator, receiver: Receiver, business: str) -> None:
        self.wave, self.receiver, self.business = wave, receiver, business
        self.adapter = Wave(wave.url, timeout_seconds=2)

    async def begin(self, order: Order) -> PaymentState:
        result = await self.adapter.create(ACCOUNT, order)
        assert isinstance(result, Accepted), result
        return result.state

    async def decide(self, state: PaymentState, decision: str) -> str:
        """Where the buyer ends up."""
        page = state.next_action
        assert isinstance(page, Redirect)
        answer = await self.wave.http.post(page.url, data={"decision": decision})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def force(self, of: Payment, outcome: str, body: Any = None) -> None:
        await self.wave.control("POST", f"/sessions/{of.provider_id}/{outcome}", body)

    async def paid(self, order: Order) -> Payment:
        state = await self.begin(order)
        await self.decide(state, "pay")
        return payment(order, state.provider_id)

    async def status(self, of: Payment) -> PaymentState:
        result = await self.adapter.status(ACCOUNT, of)
        assert isinstance(result, Accepted), result
        return result.state

    async def told(self, order: Order, count: int = 1) -> list[PaymentState]:
        found = await self.receiver.until(count, lambda one: order.reference.encode() in one.body)
        said = [self.read(one) for one in found]
        assert all(isinstance(one, Signal) for one in said)
        return [one.state for one in said]

    def read(self, one: Received) -> Any:
        assert self.adapter.is_authentic(ACCOUNT, one.headers, body=one.body, now=utc_now())
        return self.adapter.read(ACCOUNT.external_id, one.body)


@pytest.fixture(scope="module")
async def wave(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Simulator, None]:
    simulator = Simulator("wave", tmp_path_factory.mktemp("wave"), api_key=KEY)
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest.fixture
async def shop(wave: Simulator) -> AsyncGenerator[Shop, None]:
    receiver = Receiver()
    await receiver.start()
    await wave.faults()
    account = {"api_key": KEY, "webhook_url": receiver.url, "webhook_secrets": [SECRET]}
    opened = await wave.control("PUT", "/accounts", account)
    shop = Shop(wave, receiver, opened["id"])
    yield shop
    await shop.adapter.close()
    await receiver.stop()


async def test_a_wallet_is_charged_exactly_the_amount_as_a_string_in_whole_francs(shop: Shop) -> None:
    order = an_order()
    state = await shop.begin(order)
    assert (state.status, state.reference, state.account) == ("pending", order.reference, ACCOUNT.external_id)
    assert await shop.decide(state, "pay") == order.paid_url
    (book,) = await shop.wave.books(order.reference)
    assert (book["amount"], book["currency"], book["charged"]) == ("5000", "XOF", 1)
    (told,) = await shop.told(order)
    assert (told.status, told.total, told.provider_id) == ("succeeded", order.total, state.provider_id)
    assert await shop.status(payment(order, state.provider_id)) == told


@pytest.mark.parametrize("failure", ["insufficient-funds", "blocked-account"])
async def test_a_failed_attempt_leaves_the_page_payable(shop: Shop, failure: str) -> None:
    order = an_order()
    state = await shop.begin(order)
    await shop.decide(state, failure)
    assert [one.status for one in await shop.told(order)] == ["pending"]
    assert isinstance(state.next_action, Redirect)
    assert failure in (await shop.wave.http.get(state.next_action.url)).text
    await shop.decide(state, "abandon")
    assert (await shop.status(payment(order, state.provider_id))).status == "pending"
    await shop.decide(state, "pay")
    assert [one.status for one in await shop.told(order, 2)] == ["pending", "succeeded"]
    assert [book["charged"] for book in await shop.wave.books(order.reference)] == [1]


async def test_both_statuses_are_read(shop: Shop) -> None:
    """Approved but not through: pending, and not to be called off. What comes of it is Wave's word."""
    for outcome, status, reason in (("pay", "succeeded", None), ("fail", "failed", "insufficient_funds")):
        order = an_order()
        of = payment(order, (await shop.begin(order)).provider_id)
        await shop.force(of, "process")
        assert (await shop.status(of)).status == "pending"
        assert await shop.adapter.expire(ACCOUNT, of) == CannotExpire()
        await shop.force(of, outcome)
        asked = await shop.status(of)
        assert (asked.status, asked.reason) == (status, reason)
        assert [one.status for one in await shop.told(order)] == [status]


async def test_a_session_that_is_called_off_cannot_be_paid_and_money_that_comes_late_is_money(shop: Shop) -> None:
    order = an_order()
    state = await shop.begin(order)
    of = payment(order, state.provider_id)
    for _ in range(2):
        expired = await shop.adapter.expire(ACCOUNT, of)
        assert isinstance(expired, Accepted)
        assert (expired.state.status, expired.state.reason) == ("expired", "expired")
    assert isinstance(state.next_action, Redirect)
    assert "expired" in (await shop.wave.http.post(state.next_action.url, data={"decision": "pay"})).text
    assert [book["charged"] for book in await shop.wave.books(order.reference)] == [0]
    await shop.force(of, "pay")
    assert (await shop.status(of)).status == "succeeded"
    assert await shop.adapter.expire(ACCOUNT, of) == TooLate()


async def test_a_create_that_goes_unanswered_is_found_and_never_repeated(shop: Shop) -> None:
    await shop.wave.faults(lose_answers=1, lost_for_ms=4_000)
    order = an_order()
    found = await shop.begin(order)
    assert len(await shop.wave.books(order.reference)) == 1
    assert (await shop.status(payment(order, None))).provider_id == found.provider_id
    await shop.decide(found, "pay")
    assert [book["charged"] for book in await shop.wave.books(order.reference)] == [1]
    assert await shop.adapter.status(ACCOUNT, payment(an_order(), None)) == Absent()
    assert await shop.adapter.status(ACCOUNT, payment(order, "cos-unknown")) == Absent()


@pytest.mark.parametrize("fault", ["fail_requests", "busy_requests"])
async def test_an_error_at_create_is_not_repeated_either(shop: Shop, fault: str) -> None:
    await shop.wave.faults(**{fault: 1})
    order = an_order()
    assert await shop.adapter.create(ACCOUNT, order) == Unknown(answered=True)
    assert await shop.wave.books(order.reference) == []


async def test_an_order_that_wave_does_not_take_is_refused(shop: Shop) -> None:
    assert await shop.adapter.create(ACCOUNT, an_order(5_000, "RWF")) == Refused("currency_not_taken", "currency")
    too_much = await shop.adapter.create(ACCOUNT, an_order(10**9))
    assert too_much == Refused("request-validation-error", None)
    plain = await shop.adapter.create(ACCOUNT, an_order(return_url="http://shop.example/back"))
    assert plain == Refused("request-validation-error", None)
    wrong = msgspec.structs.replace(ACCOUNT, credentials={"api_key": "wave_sn_prod_wrong", "webhook_secret": SECRET})
    assert await shop.adapter.create(wrong, an_order()) == Refused("no-matching-api-key", None)
    assert await shop.adapter.status(wrong, payment(an_order(), "cos-1")) == Unreachable()


async def test_wave_has_no_test_mode_so_a_test_account_never_reaches_it() -> None:
    adapter = Wave(URL, timeout_seconds=2)
    assert await adapter.create(ACCOUNT, an_order()) == Refused("no_test_mode", None)
    await adapter.close()
    plain = Wave(f"http://127.0.0.1:{free_port()}", timeout_seconds=2)
    assert await plain.create(ACCOUNT, an_order()) == NotSent()
    live = msgspec.structs.replace(ACCOUNT, livemode=True)
    assert await plain.create(live, an_order()) == NotSent()
    await plain.close()


async def test_a_refund_is_of_all_of_it_and_given_once(shop: Shop) -> None:
    of = await shop.paid(an_order())
    assert await shop.adapter.refund(ACCOUNT, refund_order(of, 1_000)) == Refused("partial_refunds_not_taken", "amount")
    order = refund_order(of)
    assert await shop.adapter.refund_status(ACCOUNT, order, None) == Absent()
    await shop.wave.faults(lose_answers=1, lost_for_ms=4_000)
    assert await shop.adapter.refund(ACCOUNT, order) == Unknown(answered=False)
    found = await shop.adapter.refund_status(ACCOUNT, order, None)
    assert isinstance(found, RefundState)
    assert (found.status, found.amount, found.reference) == ("succeeded", of.total, order.reference)
    assert await shop.adapter.refund(ACCOUNT, order) == found
    assert [book["refunded"] for book in await shop.wave.books(of.reference)] == [True]
    unpaid = an_order()
    never = payment(unpaid, (await shop.begin(unpaid)).provider_id)
    assert await shop.adapter.refund(ACCOUNT, refund_order(never)) == Refused("not_paid", None)


async def test_other_events_concern_no_payment_of_ours(shop: Shop) -> None:
    await shop.wave.control("POST", f"/accounts/{shop.business}/test-event")
    await shop.paid(an_order())
    for kind in (b'"test.test_event"', b'"merchant.payment_received"'):
        (told,) = await shop.receiver.until(1, lambda one, kind=kind: kind in one.body)
        assert shop.read(told) == Ignored(json.loads(told.body)["id"])


async def test_a_replayed_tampered_or_late_callback_is_told_apart(shop: Shop) -> None:
    order = an_order()
    await shop.paid(order)
    (first,) = await shop.receiver.until(1, lambda one: order.reference.encode() in one.body)
    event = json.loads(first.body)["id"]
    await shop.wave.replay(event, times=2)
    copies = await shop.receiver.until(3, lambda one: one.body == first.body)
    assert {shop.read(one).event_id for one in copies} == {event}
    await shop.wave.replay(event, tamper="signature")
    forged = (await shop.receiver.until(4, lambda one: one.body == first.body))[-1]
    assert not shop.adapter.is_authentic(ACCOUNT, forged.headers, body=forged.body, now=utc_now())
    for what, counts in (("amount", True), ("reference", True), ("currency", False)):
        before = len(shop.receiver.received)
        await shop.wave.replay(event, tamper=what)
        said = shop.read((await shop.receiver.until(before + 1))[-1])
        assert (said is not None) == counts
        assert said is None or (said.state.total, said.state.reference) != (order.total, order.reference)
    late = utc_now() + timedelta(minutes=6)
    assert not shop.adapter.is_authentic(ACCOUNT, first.headers, body=first.body, now=late)


async def test_lost_duplicate_and_badly_answered_callbacks_change_nothing_about_the_truth(shop: Shop) -> None:
    await shop.wave.faults(callbacks="drop")
    of = await shop.paid(an_order())
    assert (await shop.status(of)).status == "succeeded"
    await shop.wave.faults(callbacks="duplicate", callback_times=3)
    order = an_order()
    await shop.paid(order)
    assert [one.status for one in await shop.told(order, 3)] == ["succeeded"] * 3
    await shop.wave.faults()
    shop.receiver.answers.extend([500] * 2)
    again = an_order()
    await shop.paid(again)
    assert {one.status for one in await shop.told(again, 2)} == {"succeeded"}


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"amount": 5000}, "amount"),
        ({"amount": "5000.50"}, "amount"),
        ({"amount": "-1"}, "amount"),
        ({"currency": "USD"}, "currency"),
        ({"error_url": "http://shop.example"}, "error_url"),
        ({"client_reference": "x" * 256}, "client_reference"),
        ({"colour": "blue"}, "colour"),
    ],
)
async def test_the_simulator_is_strict(shop: Shop, over: dict[str, Any], field: str) -> None:
    body = {"amount": "5000", "currency": "XOF", "success_url": "https://x.example", "error_url": "https://x.example"}
    headers = {"Authorization": f"Bearer {KEY}"}
    answer = await shop.wave.http.post("/v1/checkout/sessions", json=body | over, headers=headers)
    assert (answer.status_code, answer.json()["details"][0]["loc"]) == (400, [field])


async def test_a_page_that_one_number_may_pay_refuses_others(shop: Shop) -> None:
    body = {
        "amount": "5000", "currency": "XOF", "success_url": "https://ok.example", "error_url": "https://no.example",
        "client_reference": new_id().hex, "restrict_payer_mobile": "+221771112233",
    }  # fmt: skip
    headers = {"Authorization": f"Bearer {KEY}"}
    session = (await shop.wave.http.post("/v1/checkout/sessions", json=body, headers=headers)).json()
    pay = {"decision": "pay", "mobile": "+221779999999"}
    assert (await shop.wave.http.post(session["wave_launch_url"], data=pay)).headers["location"] == body["error_url"]
    pay["mobile"] = "+221 77 111 22 33"
    assert (await shop.wave.http.post(session["wave_launch_url"], data=pay)).headers["location"] == body["success_url"]
    found = await shop.wave.http.get("/v1/checkout/sessions", params={"transaction_id": "TUNKNOWN"}, headers=headers)
    assert found.status_code == 404
    assert (await shop.wave.http.get("/v1/checkout/sessions/cos-1")).json()["code"] == "missing-auth-header"
