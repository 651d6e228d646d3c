"""Stripe's wire: amounts, what its objects mean, and answers that are none."""

import json
import re
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.simulators.stripe import money as simulated
from services.checkout.domain.charge import PaymentState, Redirect
from services.checkout.providers.http import Answer
from services.checkout.providers.port import (
    Absent,
    Accepted,
    Account,
    Ask,
    DisputeSignal,
    Ignored,
    NotSent,
    Order,
    Payment,
    RefundOrder,
    RefundSignal,
    Refused,
    Signal,
    Unknown,
    Unreachable,
)
from services.checkout.providers.stripe.adapter import Stripe
from services.checkout.providers.stripe.amounts import TAKEN, NotWhole, from_stripe, step, to_stripe
from services.checkout.providers.stripe.client import is_worth_another_try, refused
from services.checkout.providers.stripe.request import session_form
from services.checkout.providers.stripe.wire import WireSession, state_of
from services.checkout.providers.tries import Heard
from shared.contracts.checkout import CustomerView
from shared.kernel.ids import new_id
from shared.kernel.money import Money, currencies
from tests.unit.checkout.build import NOW
from tests.unit.checkout.test_sandbox_adapter import answering, raw

ACCOUNT = Account(
    id=new_id(), org_id=new_id(), provider="stripe", livemode=False, external_id="org",
    credentials={"secret_key": "sk_test_secret", "webhook_secret": "whsec_secret"},
)  # fmt: skip
ORDER = Order(
    reference="ref", total=Money(50_000, "UGX"), method="card", phone=None, card_token=None,
    description="Invoice\n#1", callback_url="http://x/c", return_url="http://x/r",
)  # fmt: skip
PAYING = Payment(reference="ref", provider_id="cs_1", method="card", total=ORDER.total, created_at=NOW)
SESSION: dict[str, Any] = {
    "id": "cs_1", "object": "checkout.session", "mode": "payment", "status": "open", "payment_status": "unpaid",
    "amount_total": 5_000_000, "currency": "ugx", "client_reference_id": "ref", "url": "https://checkout.stripe.com/c",
    "metadata": {"paylinks_reference": "ref"}, "payment_intent": None,
}  # fmt: skip


def state(**over: Any) -> PaymentState:
    return state_of(msgspec.convert(SESSION | over, WireSession), "org")


def event(kind: str, shown: dict[str, Any]) -> bytes:
    return json.dumps({"id": "evt_1", "object": "event", "type": kind, "data": {"object": shown}}).encode()


def read(kind: str, **over: Any) -> Any:
    return Stripe("http://x", timeout_seconds=1).read("org", event(f"checkout.session.{kind}", SESSION | over))


@pytest.mark.parametrize(
    ("money", "amount"),
    [
        (Money(1999, "USD"), 1999), (Money(1999, "EUR"), 1999), (Money(50_000, "UGX"), 5_000_000),
        (Money(50_000, "RWF"), 50_000), (Money(5_000, "XOF"), 5_000), (Money(150_000, "NGN"), 150_000),
        (Money(500, "JPY"), 500), (Money(500, "ISK"), 50_000), (Money(12_340, "KWD"), 12_340),
        (Money(70_000, "MGA"), 700),
    ],
)  # fmt: skip
def test_amounts_are_in_stripes_own_units(money: Money, amount: int) -> None:
    assert to_stripe(money) == amount
    assert from_stripe(amount, money.currency) == money


def test_an_amount_that_does_not_exist_on_the_other_side_is_never_rounded() -> None:
    for money in (Money(12_345, "KWD"), Money(70_050, "MGA")):
        with pytest.raises(NotWhole):
            to_stripe(money)
    with pytest.raises(NotWhole):
        from_stripe(5_000_050, "UGX")


@given(st.sampled_from(sorted(TAKEN)), st.integers(min_value=1, max_value=10**9))
def test_what_stripe_takes_comes_back_as_it_went(currency: str, minor: int) -> None:
    try:
        amount = to_stripe(Money(minor, currency))
    except NotWhole:
        return
    assert amount % step(currency) == 0
    assert from_stripe(amount, currency) == Money(minor, currency)


def test_the_simulators_own_table_agrees_and_every_currency_is_one_of_iso_4217() -> None:
    assert currencies() >= TAKEN
    for currency in TAKEN:
        whole = currency.lower() in simulated.WHOLE_ONLY
        assert step(currency) == (100 if whole else 10 if currency.lower() in simulated.THREE_DECIMAL else 1)


def test_the_form_is_what_stripe_documents() -> None:
    order = msgspec.structs.replace(ORDER, customer=CustomerView(email="buyer@example.com"))
    fields = {name: values for name, (values,) in parse_qs(session_form(order, now=NOW).decode()).items()}
    assert fields == {
        "mode": "payment",
        "client_reference_id": "ref",
        "success_url": "http://x/r?sent=1",
        "cancel_url": "http://x/r",
        "payment_method_types[0]": "card",
        "line_items[0][quantity]": "1",
        "line_items[0][price_data][currency]": "ugx",
        "line_items[0][price_data][unit_amount]": "5000000",
        "line_items[0][price_data][product_data][name]": "Invoice #1",
        "metadata[paylinks_reference]": "ref",
        "payment_intent_data[metadata][paylinks_reference]": "ref",
        "customer_email": "buyer@example.com",
    }


def test_only_paid_is_paid() -> None:
    assert state().status == "pending"
    assert state().next_action == Redirect("https://checkout.stripe.com/c")
    assert state(payment_status="paid", status="complete").status == "succeeded"
    assert state(payment_status="unpaid", status="complete").status == "pending"
    assert state(payment_status="no_payment_required", status="complete").status == "pending"
    assert (state(status="expired").status, state(status="expired").reason) == ("expired", "expired")
    assert state(status="expired", payment_status="paid").status == "succeeded"


@pytest.mark.parametrize(
    ("code", "decline_code", "reason"),
    [
        ("card_declined", "insufficient_funds", "insufficient_funds"),
        ("card_declined", "generic_decline", "declined"),
        ("expired_card", None, "declined"),
        ("payment_intent_authentication_failure", None, "authentication_failed"),
        ("card_declined", "authentication_required", "authentication_failed"),
        ("processing_error", None, "provider_error"),
    ],
)
def test_slow_money_that_does_not_come_fails_with_its_reason(code: str, decline_code: str | None, reason: str) -> None:
    error = {"code": code, "decline_code": decline_code}
    intent = {"id": "pi_1", "status": "requires_payment_method", "last_payment_error": error}
    said = state(status="complete", payment_intent=intent)
    assert (said.status, said.reason) == ("failed", reason)
    # The page is still open: another card may be tried.
    assert state(payment_intent=intent).status == "pending"


def test_the_fee_counts_in_the_payments_own_currency_only() -> None:
    def fee(currency: str) -> Money | None:
        charge = {"balance_transaction": {"fee": 145_000, "currency": currency}}
        intent = {"id": "pi_1", "status": "succeeded", "latest_charge": charge}
        return state(status="complete", payment_status="paid", payment_intent=intent).fee

    assert fee("ugx") == Money(1_450, "UGX")
    assert fee("usd") is None


def test_events_about_our_sessions_are_signals() -> None:
    paid = read("completed", status="complete", payment_status="paid")
    assert isinstance(paid, Signal)
    assert (paid.event_id, paid.state.status, paid.state.account) == ("evt_1", "succeeded", "org")
    assert read("completed", status="complete").state.status == "pending"
    assert read("async_payment_succeeded", status="complete", payment_status="paid").state.status == "succeeded"
    failed = read("async_payment_failed", status="complete").state
    assert (failed.status, failed.reason) == ("failed", "declined")
    assert read("expired", status="expired").state.status == "expired"


def test_events_that_contradict_themselves_are_none() -> None:
    assert read("async_payment_failed", status="complete", payment_status="paid") is None
    assert read("expired", status="open") is None
    assert read("completed", amount_total=-1) is None
    assert read("completed", amount_total=5_000_050) is None
    assert read("completed", currency="xxx") is None


def test_sessions_that_are_not_ours_are_ignored() -> None:
    for over in ({"metadata": {}}, {"metadata": None}, {"client_reference_id": None}, {"mode": "subscription"}):
        assert read("completed", status="complete", payment_status="paid", **over) == Ignored("evt_1")


def test_other_events_are_ignored_and_what_is_no_event_is_none() -> None:
    adapter = Stripe("http://x", timeout_seconds=1)
    for kind in ("payment_intent.payment_failed", "payment_intent.succeeded", "charge.refunded", "customer.created"):
        assert adapter.read("org", event(kind, {})) == Ignored("evt_1")
    nested = b'{"id":"evt_1","type":"checkout.session.completed","data":{"object":' + b"[" * 50_000
    for body in (b"", b"[]", b"{}", b'{"id":"evt_1"}', b"\xff", nested, event("refund.created", {})):
        assert adapter.read("org", body) is None


def test_refunds_and_disputes_are_told_as_such() -> None:
    adapter = Stripe("http://x", timeout_seconds=1)
    refund = {
        "id": "re_1",
        "amount": 500,
        "currency": "usd",
        "status": "failed",
        "failure_reason": "lost_or_stolen_card",
    }
    said = adapter.read("org", event("refund.failed", refund | {"metadata": {"paylinks_reference": "back"}}))
    assert isinstance(said, RefundSignal)
    assert (said.state.reference, said.state.status, said.state.amount) == ("back", "failed", Money(500, "USD"))
    assert said.state.failure == "lost_or_stolen_card"
    for status, ours in [("requires_action", "pending"), ("canceled", "failed"), ("succeeded", "succeeded")]:
        told = adapter.read("org", event("refund.updated", refund | {"status": status}))
        assert isinstance(told, RefundSignal)
        assert (told.state.status, told.state.reference) == (ours, None)
    dispute = {"id": "dp_1", "amount": 500, "currency": "usd", "reason": "fraudulent", "payment_intent": "pi_1"}
    for status, end in [("needs_response", "open"), ("won", "won"), ("lost", "lost"), ("warning_closed", "won")]:
        heard = adapter.read("org", event("charge.dispute.updated", dispute | {"status": status}))
        assert isinstance(heard, DisputeSignal)
        assert (heard.status, heard.payment_id, heard.amount) == (end, "pi_1", Money(500, "USD"))


def charged(**charge: Any) -> PaymentState:
    intent = {"id": "pi_1", "status": "succeeded", "latest_charge": {"metadata": {}} | charge}
    return state(status="complete", payment_status="paid", payment_intent=intent)


def test_a_fee_that_is_not_shown_is_one_to_ask_for() -> None:
    paid = state(status="complete", payment_status="paid", payment_intent="pi_1")
    assert (paid.payment_id, paid.fee, paid.fee_later) == ("pi_1", None, True)
    for settled in (None, "txn_1"):
        unbooked = charged(balance_transaction=settled)
        assert (unbooked.fee, unbooked.fee_later) == (None, True)
    booked = charged(balance_transaction={"fee": 90_000, "currency": "ugx"})
    assert (booked.fee, booked.fee_later) == (Money(900, "UGX"), False)
    elsewhere = charged(balance_transaction={"fee": 30, "currency": "usd"})
    assert (elsewhere.fee, elsewhere.fee_later) == (None, False)
    assert not state().fee_later


def test_refunds_that_stand_with_the_charge_are_told_oldest_first() -> None:
    one = {"id": "re_1", "amount": 500_000, "currency": "ugx", "status": "succeeded", "payment_intent": "pi_1"}
    ours = one | {"id": "re_2", "metadata": {"paylinks_reference": "back"}}
    odd = one | {"id": "re_3", "metadata": {"paylinks_reference": "\x00"}}
    told = charged(refunds={"data": [odd, ours, one], "has_more": False}).refunds
    assert [(back.provider_id, back.reference, back.payment_id) for back in told] == [
        ("re_1", None, "pi_1"), ("re_2", "back", "pi_1"), ("re_3", None, "pi_1"),
    ]  # fmt: skip
    assert {back.amount for back in told} == {Money(5_000, "UGX")}


def test_the_sum_of_a_charges_refunds_is_a_question() -> None:
    adapter = Stripe("http://x", timeout_seconds=1)
    refunded = event("charge.refunded", {"metadata": {"paylinks_reference": "ref"}, "amount_refunded": 5})
    assert adapter.read("org", refunded) == Ask("evt_1", "ref")
    for metadata in ({"paylinks_reference": "a b"}, {"paylinks_reference": ""}, {}, None):
        assert adapter.read("org", event("charge.refunded", {"metadata": metadata})) == Ignored("evt_1")


def error(**said: Any) -> dict[str, Any]:
    return {"error": said}


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (raw(400, error(code="url_invalid", param="success_url")), Refused("url_invalid", None)),
        (raw(400, error(code="amount_too_small", param="a[0][unit_amount]")), Refused("amount_too_small", "amount")),
        (raw(401, error(type="invalid_request_error")), Refused("invalid_request_error", None)),
        (raw(402, error(code="card_declined", decline_code="fraudulent")), Refused("fraudulent", None)),
        (raw(400, b"<html>"), Refused("http_400", None)),
        (raw(302, b"", more="location: http://127.0.0.1:1/\r\n"), Refused("http_302", None)),
        (raw(400, error(type="idempotency_error")), Unknown(answered=True)),
        (raw(409, error(code="lock_timeout")), Unknown(answered=True)),
        (raw(429, error(code="rate_limit")), Unknown(answered=True)),
        (raw(500, b"oops"), Unknown(answered=True)),
        (raw(200, b"{}"), Unknown(answered=False)),
        (raw(200, SESSION | {"metadata": {}}), Unknown(answered=False)),
        (None, Unknown(answered=False)),
    ],
)  # fmt: skip
async def test_every_answer_to_a_create_is_one_of_the_closed_union(answer: bytes | None, result: object) -> None:
    async with answering(lambda _: answer) as url:
        stripe = Stripe(url, timeout_seconds=2)
        assert await stripe.create(ACCOUNT, ORDER) == result
        await stripe.close()


def test_a_refusal_after_a_try_without_answer_is_believed_only_about_the_form() -> None:
    """The key may have been revoked between the two tries: the first may have been accepted."""
    verdict = msgspec.json.encode(error(code="amount_too_small"))
    for unanswered, status, result in [
        (False, 401, Refused("amount_too_small", None)),
        (True, 401, Unknown(answered=False)),
        (True, 400, Refused("amount_too_small", None)),
        (True, 500, Unknown(answered=False)),
    ]:
        assert refused(Heard(Answer(status, verdict), unanswered), "ref") == result


async def test_only_stripes_own_not_found_means_absent() -> None:
    answers = [
        (raw(404, error(code="resource_missing")), Absent()),
        (raw(404, b"<html>a proxy</html>"), Unreachable()),
        (raw(200, b"{}"), Unreachable()),
        (raw(503, b""), Unreachable()),
    ]
    for answer, result in answers:
        async with answering(lambda _, answer=answer: answer) as url:
            stripe = Stripe(url, timeout_seconds=2)
            assert await stripe.status(ACCOUNT, PAYING) == result
            refund = RefundOrder(reference="back", payment=PAYING, amount=PAYING.total)
            assert await stripe.refund_status(ACCOUNT, refund, "re_1") == result
            if result == Unreachable():
                assert await stripe.refund(ACCOUNT, refund) == NotSent()
                assert await stripe.expire(ACCOUNT, PAYING) == Unreachable()
            await stripe.close()


async def test_what_cannot_be_searched_through_is_not_called_absent() -> None:
    endless = raw(200, {"data": [SESSION | {"id": "cs_other", "client_reference_id": "x"}], "has_more": True})
    unknown = msgspec.structs.replace(PAYING, provider_id=None)
    async with answering(lambda _: endless) as url:
        stripe = Stripe(url, timeout_seconds=5)
        assert await stripe.status(ACCOUNT, unknown) == Unreachable()
        await stripe.close()


def test_stripe_says_what_is_worth_another_try() -> None:
    assert is_worth_another_try(Answer(500, b""))
    assert is_worth_another_try(Answer(409, b""))
    assert not is_worth_another_try(Answer(400, b""))
    assert not is_worth_another_try(Answer(500, b"", {"stripe-should-retry": "false"}))
    assert is_worth_another_try(Answer(429, b"", {"stripe-should-retry": "true"}))


def test_credentials_are_known_by_their_look() -> None:
    patterns = {one.name: one.pattern for one in Stripe.credentials}
    assert re.fullmatch(patterns["secret_key"], "sk_test_51Habc123")
    assert re.fullmatch(patterns["secret_key"], "rk_live_51Habc123")
    assert not re.fullmatch(patterns["secret_key"], "pk_test_51Habc123")
    assert re.fullmatch(patterns["webhook_secret"], "whsec_test_secret")


async def test_an_unfinished_search_answer_is_not_an_accepted_one() -> None:
    listing = raw(200, {"data": [SESSION], "has_more": False})
    unknown = msgspec.structs.replace(PAYING, provider_id=None)
    async with answering(lambda count: listing if count == 1 else raw(200, SESSION)) as url:
        stripe = Stripe(url, timeout_seconds=2)
        assert isinstance(await stripe.status(ACCOUNT, unknown), Accepted)
        await stripe.close()
