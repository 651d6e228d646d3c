"""Our Stripe adapter against a Stripe in a process of its own, with real callbacks."""

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
    DisputeSignal,
    NotSent,
    Order,
    Payment,
    PaymentFound,
    RefundOrder,
    RefundSignal,
    RefundState,
    Refused,
    Signal,
    TooLate,
    Unknown,
    Unreachable,
)
from services.checkout.providers.stripe.adapter import Stripe
from shared.kernel.ids import new_id
from shared.kernel.moment import utc_now
from shared.kernel.money import Money
from tests.support.processes import free_port
from tests.support.simulators import Received, Receiver, Simulator

KEY = "sk_test_of_the_integration_tests"
SECRET = "whsec_of_the_integration_tests"
CARD = {"expiry": "12 / 30", "cvc": "123"}
OK, DECLINED, INSUFFICIENT, THREE_DS = "4242424242424242", "4000000000000002", "4000000000009995", "4000000000003220"
ACCOUNT = Account(
    id=new_id(), org_id=new_id(), provider="stripe", livemode=False, external_id="org-stripe",
    credentials={"secret_key": KEY, "webhook_secret": SECRET},
)  # fmt: skip


class Shop:
    """A merchant with an adapter, a webhook endpoint, and buyers who have browsers."""

    def __init__(self, stripe: Simulator, receiver: Receiver) -> None:
        self.stripe, self.receiver = stripe, receiver
        self.adapter = Stripe(stripe.url, timeout_seconds=2)

    def order(self, minor: int = 1999, currency: str = "USD", **over: Any) -> Order:
        return Order(**{
            "reference": new_id().hex, "total": Money(minor, currency), "method": "card", "phone": None,
            "card_token": None, "description": "Invoice", "callback_url": "http://x/c",
            "return_url": "http://127.0.0.1:1/back",
        } | over)  # fmt: skip

    async def begin(self, order: Order) -> PaymentState:
        result = await self.adapter.create(ACCOUNT, order)
        assert isinstance(result, Accepted), result
        return result.state

    async def pay(self, state: PaymentState, number: str = OK) -> str:
        """Where the buyer ends up."""
        page = state.next_action
        assert isinstance(page, Redirect)
        answer = await self.stripe.http.post(page.url, data=CARD | {"number": number})
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    async def paid(self, order: Order, number: str = OK) -> Payment:
        state = await self.begin(order)
        await self.pay(state, number)
        return payment(order, state.provider_id)

    async def status(self, of: Payment) -> PaymentState:
        result = await self.adapter.status(ACCOUNT, of)
        assert isinstance(result, Accepted), result
        return result.state

    async def told(self, order: Order, count: int = 1) -> list[PaymentState]:
        """What the callbacks about its session say; each is authentic."""
        found = await self.receiver.until(count, lambda one: order.reference.encode() in one.body and of_session(one))
        said = [self.read(one) for one in found]
        assert all(isinstance(one, Signal) for one in said)
        return [one.state for one in said]

    def read(self, one: Received) -> Any:
        assert self.adapter.is_authentic(ACCOUNT, one.headers, body=one.body, now=utc_now())
        return self.adapter.read(ACCOUNT.external_id, one.body)


def of_session(one: Received) -> bool:
    return json.loads(one.body)["type"].startswith("checkout.session.")


def payment(order: Order, provider_id: str | None) -> Payment:
    return Payment(
        reference=order.reference, provider_id=provider_id, method="card", total=order.total, created_at=utc_now()
    )


def refund_order(of: Payment, minor: int | None = None, **over: Any) -> RefundOrder:
    amount = Money(of.total.minor if minor is None else minor, of.total.currency)
    return RefundOrder(**{"reference": new_id().hex, "payment": of, "amount": amount} | over)


@pytest.fixture(scope="module")
async def stripe(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Simulator, None]:
    simulator = Simulator("stripe", tmp_path_factory.mktemp("stripe"), secret_key=KEY)
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest.fixture
async def shop(stripe: Simulator) -> AsyncGenerator[Shop, None]:
    receiver = Receiver()
    await receiver.start()
    await stripe.faults()
    account = {"secret_key": KEY, "webhook_url": receiver.url, "webhook_secrets": [SECRET]}
    await stripe.control("PUT", "/accounts", account)
    shop = Shop(stripe, receiver)
    yield shop
    await shop.adapter.close()
    await receiver.stop()


@pytest.mark.parametrize(
    ("minor", "currency", "in_stripes_unit"),
    [
        (1999, "USD", 1999),
        (1999, "EUR", 1999),
        (50_000, "UGX", 5_000_000),
        (50_000, "RWF", 50_000),
        (5_000, "XOF", 5_000),
    ],
)
async def test_a_card_is_charged_exactly_the_amount_in_stripes_own_unit(
    shop: Shop, minor: int, currency: str, in_stripes_unit: int
) -> None:
    order = shop.order(minor, currency)
    state = await shop.begin(order)
    assert (state.status, state.reference, state.account) == ("pending", order.reference, ACCOUNT.external_id)
    assert await shop.pay(state) == order.paid_url
    (book,) = await shop.stripe.books(order.reference)
    assert (book["amount"], book["currency"], book["charged"]) == (in_stripes_unit, currency.lower(), 1)
    (told,) = await shop.told(order)
    assert (told.status, told.total, told.provider_id) == ("succeeded", order.total, state.provider_id)
    asked = await shop.status(payment(order, state.provider_id))
    assert (asked.status, asked.total, asked.card_brand, asked.payer_last4) == (
        "succeeded",
        order.total,
        "visa",
        "4242",
    )
    assert asked.fee is not None
    assert asked.fee.currency == currency
    assert 0 < asked.fee.minor < minor


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (DECLINED, "Your card was declined."),
        (INSUFFICIENT, "Your card has insufficient funds."),
        ("4000000000000069", "Your card has expired."),
        ("4000000000000127", "Your card&#39;s security code is incorrect."),
        ("4000000000000119", "An error occurred while processing your card."),
    ],
)
async def test_a_refused_card_leaves_the_page_open_for_another(shop: Shop, number: str, message: str) -> None:
    order = shop.order()
    state = await shop.begin(order)
    page = await shop.pay(state, number)
    assert message in (await shop.stripe.http.get(page)).text
    assert (await shop.status(payment(order, state.provider_id))).status == "pending"
    await shop.pay(state)
    assert [one.status for one in await shop.told(order)] == ["succeeded"]
    assert [book["charged"] for book in await shop.stripe.books(order.reference)] == [1]


@pytest.mark.parametrize(("decision", "status", "charged"), [("approve", "succeeded", 1), ("decline", "pending", 0)])
async def test_3d_secure_is_decided_by_the_buyer(shop: Shop, decision: str, status: str, charged: int) -> None:
    order = shop.order()
    state = await shop.begin(order)
    page = await shop.pay(state, THREE_DS)
    assert "Confirm your payment" in (await shop.stripe.http.get(page)).text
    assert (await shop.status(payment(order, state.provider_id))).status == "pending"
    answer = await shop.stripe.http.post(page, data={"decision": decision})
    assert answer.status_code == 303
    assert (await shop.status(payment(order, state.provider_id))).status == status
    assert [book["charged"] for book in await shop.stripe.books(order.reference)] == [charged]


async def test_a_page_says_what_is_wrong_and_takes_only_test_cards(shop: Shop) -> None:
    state = await shop.begin(shop.order())
    assert isinstance(state.next_action, Redirect)
    url = state.next_action.url
    for number, message in [("", "Enter your card number."), ("4111111111111111", "Use a test card")]:
        answer = await shop.stripe.http.post(url, data=CARD | {"number": number})
        assert (answer.status_code, message in answer.text) == (422, True)
    page = await shop.stripe.http.get(url)
    assert "script" not in page.text
    assert "form-action 'self' http://127.0.0.1:1" in page.headers["content-security-policy"]
    assert (await shop.stripe.http.get("/c/pay/cs_test_unknown")).status_code == 404


async def test_a_session_that_is_called_off_cannot_be_paid_any_more(shop: Shop) -> None:
    order = shop.order()
    state = await shop.begin(order)
    of = payment(order, state.provider_id)
    for _ in range(2):
        expired = await shop.adapter.expire(ACCOUNT, of)
        assert isinstance(expired, Accepted)
        assert (expired.state.status, expired.state.reason) == ("expired", "expired")
    assert [one.status for one in await shop.told(order)] == ["expired"]
    assert isinstance(state.next_action, Redirect)
    await shop.stripe.http.post(state.next_action.url, data=CARD | {"number": OK})
    assert [book["charged"] for book in await shop.stripe.books(order.reference)] == [0]
    paid = await shop.paid(shop.order())
    assert await shop.adapter.expire(ACCOUNT, paid) == TooLate()


async def test_slow_money_is_pending_until_it_comes_or_does_not(shop: Shop) -> None:
    for outcome, status in (("pay", "succeeded"), ("fail", "failed")):
        order = shop.order()
        state = await shop.begin(order)
        await shop.stripe.control("POST", f"/sessions/{state.provider_id}/process")
        of = payment(order, state.provider_id)
        assert (await shop.status(of)).status == "pending"
        await shop.stripe.control("POST", f"/sessions/{state.provider_id}/{outcome}")
        assert [one.status for one in await shop.told(order, 2)] == ["pending", status]
        asked = await shop.status(of)
        assert (asked.status, asked.reason) == (status, "declined" if status == "failed" else None)


async def test_a_create_that_goes_unanswered_is_found_and_never_made_twice(shop: Shop) -> None:
    await shop.stripe.faults(lose_answers=1, lost_for_ms=4_000)
    order = shop.order()
    assert await shop.adapter.create(ACCOUNT, order) == Unknown(answered=False)
    found = await shop.status(payment(order, None))
    assert (found.status, found.reference) == ("pending", order.reference)
    again = await shop.begin(order)
    assert again.provider_id == found.provider_id
    await shop.pay(found)
    assert [book["charged"] for book in await shop.stripe.books(order.reference)] == [1]
    assert await shop.adapter.status(ACCOUNT, payment(shop.order(), None)) == Absent()


async def test_a_create_is_tried_again_under_the_same_key_while_there_is_time(shop: Shop) -> None:
    await shop.stripe.faults(fail_requests=1, busy_requests=1)
    order = shop.order()
    await shop.begin(order)
    assert len(await shop.stripe.books(order.reference)) == 1
    await shop.stripe.faults(fail_requests=3)
    order = shop.order()
    assert await shop.adapter.create(ACCOUNT, order) == Unknown(answered=True)
    assert await shop.stripe.books(order.reference) == []


async def test_one_key_with_another_amount_is_never_a_second_payment(shop: Shop) -> None:
    order = shop.order()
    await shop.begin(order)
    other = msgspec.structs.replace(order, total=Money(2999, "USD"))
    assert await shop.adapter.create(ACCOUNT, other) == Unknown(answered=True)
    assert [book["amount"] for book in await shop.stripe.books(order.reference)] == [1999]


@pytest.mark.parametrize(
    ("order", "refused"),
    [
        ({"minor": 10}, Refused("amount_too_small", "amount")),
        ({"minor": 10**9}, Refused("amount_too_large", "amount")),
        ({"minor": 1_234, "currency": "KWD"}, Refused("amount_not_whole", "amount")),
        ({"return_url": "not a url"}, Refused("url_invalid", None)),
    ],
)
async def test_an_order_that_stripe_does_not_like_is_refused_with_its_field(
    shop: Shop, order: dict[str, Any], refused: Refused
) -> None:
    assert await shop.adapter.create(ACCOUNT, shop.order(**order)) == refused


async def test_a_wrong_key_is_refused_and_a_live_key_never_used_in_test_mode(shop: Shop) -> None:
    wrong = msgspec.structs.replace(ACCOUNT, credentials={"secret_key": "sk_test_wrong", "webhook_secret": SECRET})
    assert await shop.adapter.create(wrong, shop.order()) == Refused("api_key_invalid", None)
    assert await shop.adapter.status(wrong, payment(shop.order(), "cs_test_1")) == Unreachable()
    live_key = {"secret_key": "sk_live_real", "webhook_secret": SECRET}
    mixed = msgspec.structs.replace(ACCOUNT, credentials=live_key)
    assert await shop.adapter.create(mixed, shop.order()) == Refused("key_of_other_mode", None)
    over_http = msgspec.structs.replace(ACCOUNT, livemode=True, credentials=live_key)
    assert await shop.adapter.create(over_http, shop.order()) == NotSent()


async def test_nobody_there_means_not_sent() -> None:
    adapter = Stripe(f"http://127.0.0.1:{free_port()}", timeout_seconds=2)
    order = Shop.order(None, 1999)  # type: ignore[arg-type]
    assert await adapter.create(ACCOUNT, order) == NotSent()
    of = payment(order, "cs_test_1")
    assert await adapter.refund(ACCOUNT, refund_order(of)) == NotSent()
    assert await adapter.expire(ACCOUNT, of) == Unreachable()
    await adapter.close()


async def test_how_long_a_page_lives_is_kept_within_what_stripe_allows(shop: Shop) -> None:
    for asked, lives in [(timedelta(minutes=5), 31 * 60), (timedelta(days=3), 24 * 3600 - 60)]:
        order = shop.order(expires_at=utc_now() + asked)
        state = await shop.begin(order)
        headers = {"Authorization": f"Bearer {KEY}"}
        session = (await shop.stripe.http.get(f"/v1/checkout/sessions/{state.provider_id}", headers=headers)).json()
        assert abs(session["expires_at"] - session["created"] - lives) <= 2


async def test_refunds_are_partial_and_then_of_all_the_rest_and_asked_for_once(shop: Shop) -> None:
    of = await shop.paid(shop.order(50_000, "UGX"))
    first = refund_order(of, 20_000, reason="The buyer sent one back")
    given = await shop.adapter.refund(ACCOUNT, first)
    assert isinstance(given, RefundState)
    assert (given.status, given.amount, given.reference) == ("succeeded", Money(20_000, "UGX"), first.reference)
    assert await shop.adapter.refund(ACCOUNT, first) == given
    assert await shop.adapter.refund(ACCOUNT, refund_order(of, 30_001)) == Refused("invalid_request_error", "amount")
    rest = await shop.adapter.refund(ACCOUNT, refund_order(of, 30_000))
    assert isinstance(rest, RefundState)
    assert await shop.adapter.refund(ACCOUNT, refund_order(of, 1)) == Refused("charge_already_refunded", None)
    (book,) = await shop.stripe.books(of.reference)
    assert [refund["amount"] for refund in book["refunds"]] == [2_000_000, 3_000_000]
    assert await shop.adapter.refund_status(ACCOUNT, first, given.provider_id) == given
    assert await shop.adapter.refund_status(ACCOUNT, first, None) == given
    assert await shop.adapter.refund_status(ACCOUNT, refund_order(of), None) == Absent()
    assert await shop.adapter.refund_status(ACCOUNT, first, "re_unknown") == Absent()
    told = await shop.receiver.until(2, lambda one: b'"refund.created"' in one.body)
    assert shop.read(told[0]) == RefundSignal(json.loads(told[0].body)["id"], given)


async def test_a_refund_that_goes_unanswered_is_found_and_given_once(shop: Shop) -> None:
    of = await shop.paid(shop.order())
    order = refund_order(of, 500)
    await shop.stripe.faults(lose_answers=1, lost_for_ms=4_000)
    assert await shop.adapter.refund(ACCOUNT, order) == Unknown(answered=False)
    found = await shop.adapter.refund_status(ACCOUNT, order, None)
    assert isinstance(found, RefundState)
    assert await shop.adapter.refund(ACCOUNT, order) == found
    (book,) = await shop.stripe.books(of.reference)
    assert [refund["amount"] for refund in book["refunds"]] == [500]


@pytest.mark.parametrize(
    ("number", "first", "then"),
    [("4000000000007726", "pending", "succeeded"), ("4000000000005126", "succeeded", "failed")],
)
async def test_a_refund_may_end_later_and_otherwise(shop: Shop, number: str, first: str, then: str) -> None:
    of = await shop.paid(shop.order(), number)
    order = refund_order(of)
    given = await shop.adapter.refund(ACCOUNT, order)
    assert isinstance(given, RefundState)
    assert given.status == first
    (told,) = await shop.receiver.until(
        1, lambda one: b'"refund.updated"' in one.body or b'"refund.failed"' in one.body
    )
    said = shop.read(told)
    assert (said.state.status, said.state.reference) == (then, order.reference)
    assert await shop.adapter.refund_status(ACCOUNT, order, given.provider_id) == said.state


async def test_what_was_never_paid_is_not_refunded(shop: Shop) -> None:
    order = shop.order()
    state = await shop.begin(order)
    of = payment(order, state.provider_id)
    assert await shop.adapter.refund(ACCOUNT, refund_order(of)) == Refused("not_paid", None)


async def test_a_dispute_names_a_payment_that_can_be_found(shop: Shop) -> None:
    of = await shop.paid(shop.order())
    dispute = await shop.stripe.control("POST", f"/sessions/{of.provider_id}/dispute", {"reason": "fraudulent"})
    await shop.stripe.control("POST", f"/disputes/{dispute['id']}", {"status": "lost"})
    told = await shop.receiver.until(3, lambda one: b'"charge.dispute.' in one.body)
    said = sorted((shop.read(one) for one in told), key=lambda one: one.status == "lost")
    assert all(isinstance(one, DisputeSignal) for one in said)
    assert [one.status for one in said] == ["open", "open", "lost"]
    assert (said[-1].amount, said[-1].reason) == (of.total, "fraudulent")
    assert await shop.adapter.find_reference(ACCOUNT, said[-1].payment_id) == PaymentFound(of.reference)
    assert await shop.adapter.find_reference(ACCOUNT, "pi_of_somebody_else") == Absent()
    assert await shop.adapter.find_reference(ACCOUNT, of.reference) == Absent()


async def test_duplicates_shuffled_late_and_lost_callbacks_all_tell_the_truth(shop: Shop) -> None:
    await shop.stripe.faults(callbacks="shuffle", callback_times=3)
    order = shop.order()
    await shop.paid(order)
    told = await shop.told(order, 3)
    assert {one.status for one in told} == {"succeeded"}
    await shop.stripe.faults(callbacks="drop")
    silent = shop.order()
    of = await shop.paid(silent)
    assert (await shop.status(of)).status == "succeeded"
    assert not [one for one in shop.receiver.received if silent.reference.encode() in one.body]


async def test_a_callback_that_is_not_answered_well_comes_again(shop: Shop) -> None:
    shop.receiver.answers.extend([500] * 2)
    order = shop.order()
    await shop.paid(order)
    await shop.receiver.until(4, lambda one: order.reference.encode() in one.body)


async def test_a_replayed_or_tampered_callback_is_told_apart(shop: Shop) -> None:
    order = shop.order()
    await shop.paid(order)
    (first,) = await shop.receiver.until(1, lambda one: order.reference.encode() in one.body and of_session(one))
    event = json.loads(first.body)["id"]
    await shop.stripe.replay(event, times=2)
    copies = await shop.receiver.until(3, lambda one: one.body == first.body)
    assert {shop.read(one).event_id for one in copies} == {event}
    await shop.stripe.replay(event, tamper="signature")
    forged = (await shop.receiver.until(4, lambda one: one.body == first.body))[-1]
    assert not shop.adapter.is_authentic(ACCOUNT, forged.headers, body=forged.body, now=utc_now())
    for what in ("amount", "currency", "reference"):
        before = len(shop.receiver.received)
        await shop.stripe.replay(event, tamper=what)
        changed = (await shop.receiver.until(before + 1))[-1]
        said = shop.read(changed).state
        assert (said.total, said.reference) != (order.total, order.reference)
    late = utc_now() + timedelta(minutes=6)
    assert not shop.adapter.is_authentic(ACCOUNT, first.headers, body=first.body, now=late)


async def test_what_is_due_survives_a_kill(shop: Shop) -> None:
    shop.receiver.answers.extend([500] * 2)
    order = shop.order()
    await shop.paid(order)
    await shop.receiver.until(2, lambda one: order.reference.encode() in one.body)
    await shop.stripe.server.kill()
    await shop.stripe.start()
    assert (await shop.status(payment(order, None))).status == "succeeded"
    await shop.receiver.until(4, lambda one: order.reference.encode() in one.body)
