"""Wave's wire: amounts, both statuses, and answers that are none."""

import json
import re
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.checkout.domain.charge import PaymentState, Redirect
from services.checkout.providers.port import (
    Absent,
    Account,
    Ignored,
    NotSent,
    Order,
    Payment,
    RefundOrder,
    Refused,
    Signal,
    Unknown,
    Unreachable,
)
from services.checkout.providers.wave.adapter import Wave
from services.checkout.providers.wave.wire import Unreadable, WireSession, content_of, request_of, state_of
from shared.kernel.ids import new_id
from shared.kernel.moment import to_wire
from shared.kernel.money import Money
from tests.unit.checkout.build import NOW
from tests.unit.checkout.test_sandbox_adapter import answering, raw

ACCOUNT = Account(
    id=new_id(), org_id=new_id(), provider="wave", livemode=False, external_id="org",
    credentials={"api_key": "wave_sn_prod_secret12", "webhook_secret": "wave_sn_WHS_secret"},
)  # fmt: skip
ORDER = Order(
    reference="ref", total=Money(5_000, "XOF"), method="mobile_money", phone=None, card_token=None,
    description="Invoice", callback_url="https://x/c", return_url="https://x/r",
)  # fmt: skip
PAYING = Payment(reference="ref", provider_id="cos-1", method="mobile_money", total=ORDER.total, created_at=NOW)
SESSION: dict[str, Any] = {
    "id": "cos-1", "amount": "5000", "currency": "XOF", "checkout_status": "open", "payment_status": "processing",
    "client_reference": "ref", "wave_launch_url": "https://pay.wave.com/c/cos-1", "last_payment_error": None,
    "when_expires": to_wire(NOW),
}  # fmt: skip


def state(minutes_later: int = 0, **over: Any) -> PaymentState:
    session = msgspec.json.decode(msgspec.json.encode(SESSION | over), type=WireSession)
    return state_of(session, "org", now=NOW + timedelta(minutes=minutes_later))


def event(kind: str, **over: Any) -> bytes:
    return json.dumps({"id": "EV_1", "type": f"checkout.session.{kind}", "data": SESSION | over}).encode()


def test_an_amount_is_a_string_of_whole_francs() -> None:
    assert msgspec.to_builtins(request_of(ORDER)) == {
        "amount": "5000",
        "currency": "XOF",
        "success_url": "https://x/r?sent=1",
        "error_url": "https://x/r",
        "client_reference": "ref",
    }
    assert state(amount="5000.00").total == Money(5_000, "XOF")


@pytest.mark.parametrize("over", [
    {"amount": "5000.50"}, {"amount": "-5000"}, {"amount": "5e3"}, {"amount": "0"}, {"amount": "٥٠٠٠"}, {"amount": ""},
    {"amount": "9" * 15 + "9"}, {"currency": "EUR"}, {"client_reference": None},
])  # fmt: skip
def test_what_is_no_payment_of_ours_is_not_read(over: dict[str, Any]) -> None:
    with pytest.raises((Unreadable, msgspec.ValidationError)):
        state(**over)


@pytest.mark.parametrize(
    ("checkout", "payment", "later", "status"),
    [
        ("open", "processing", 0, "pending"),
        ("open", "cancelled", 0, "pending"),
        ("complete", "processing", 0, "pending"),
        ("complete", "succeeded", 0, "succeeded"),
        ("complete", "cancelled", 0, "failed"),
        ("expired", "cancelled", 0, "expired"),
        ("expired", "processing", 59, "pending"),
        ("expired", "processing", 61, "expired"),
        ("expired", "succeeded", 0, "succeeded"),
        ("open", "something_new", 0, "pending"),
    ],
)
def test_both_statuses_count(checkout: str, payment: str, later: int, status: str) -> None:
    assert state(later, checkout_status=checkout, payment_status=payment).status == status


def test_the_page_is_shown_only_while_it_is_open() -> None:
    assert state().next_action == Redirect("https://pay.wave.com/c/cos-1")
    assert state(checkout_status="complete").next_action is None


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("insufficient-funds", "insufficient_funds"),
        ("payment-failure", "provider_error"),
        ("kyb-limits-exceeded", "provider_error"),
        ("blocked-account", "declined"),
        ("payer-mobile-mismatch", "declined"),
        ("something-new", "declined"),
    ],
)
def test_every_failure_has_a_reason_of_ours(code: str, reason: str) -> None:
    over = {"checkout_status": "complete", "payment_status": "cancelled", "last_payment_error": {"code": code}}
    assert state(**over).reason == reason


def test_a_completed_session_is_a_signal_and_a_failed_attempt_leaves_it_pending() -> None:
    paid = content_of("org", event("completed", checkout_status="complete", payment_status="succeeded"))
    assert isinstance(paid, Signal)
    assert (paid.event_id, paid.state.status, paid.state.account) == ("EV_1", "succeeded", "org")
    failed = content_of("org", event("payment_failed", last_payment_error={"code": "insufficient-funds"}))
    assert isinstance(failed, Signal)
    assert failed.state.status == "pending"
    over = {"checkout_status": "complete", "payment_status": "succeeded"}
    assert content_of("org", event("payment_failed", **over)) is None


def test_other_events_are_ignored_and_what_is_no_event_is_none() -> None:
    test_event = b'{"id":"EV_1","type":"test.test_event","data":{"test_key":"test_value"}}'
    assert content_of("org", test_event) == Ignored("EV_1")
    assert content_of("org", b'{"id":"EV_1","type":"merchant.payment_received","data":{}}') == Ignored("EV_1")
    assert content_of("org", event("completed", client_reference=None)) == Ignored("EV_1")
    nested = b'{"id":"EV_1","type":"checkout.session.completed","data":' + b"[" * 50_000
    for body in (b"", b"[]", b"{}", b"\xff", nested, event("completed", amount="x"), event("completed", currency="x")):
        assert content_of("org", body) is None


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (raw(400, {"code": "request-validation-error"}), Refused("request-validation-error", None)),
        (raw(400, {"error": {"code": "bad"}}), Refused("bad", None)),
        (raw(403, b"<html>"), Refused("http_403", None)),
        (raw(302, b"", more="location: http://127.0.0.1:1/\r\n"), Refused("http_302", None)),
        (raw(429, {"code": "rate-limit-exceeded"}), Unknown(answered=True)),
        (raw(500, b"oops"), Unknown(answered=True)),
        (raw(200, b"{}"), Unknown(answered=False)),
        (None, Unknown(answered=False)),
    ],
)
async def test_every_answer_to_a_create_is_one_of_the_closed_union(answer: bytes | None, result: object) -> None:
    async with answering(lambda _: answer) as url:
        wave = Wave(url, timeout_seconds=2)
        assert await wave.create(ACCOUNT, ORDER) == result
        await wave.close()


async def test_only_waves_own_not_found_means_absent() -> None:
    refund = RefundOrder(reference="back", payment=PAYING, amount=PAYING.total)
    for answer, result in [
        (raw(404, {"code": "checkout-session-not-found"}), Absent()),
        (raw(404, b"<html>a proxy</html>"), Unreachable()),
        (raw(200, b"{}"), Unreachable()),
        (raw(503, b""), Unreachable()),
    ]:
        async with answering(lambda _, answer=answer: answer) as url:
            wave = Wave(url, timeout_seconds=2)
            assert await wave.status(ACCOUNT, PAYING) == result
            assert await wave.refund_status(ACCOUNT, refund, "T1") == result
            assert await wave.expire(ACCOUNT, PAYING) == Unreachable()
            expected = Refused("not_paid", None) if result == Absent() else NotSent()
            assert await wave.refund(ACCOUNT, refund) == expected
            await wave.close()


async def test_of_several_sessions_the_one_that_was_paid_counts() -> None:
    paid = SESSION | {"id": "cos-2", "checkout_status": "complete", "payment_status": "succeeded"}
    async with answering(lambda _: raw(200, {"result": [SESSION, paid]})) as url:
        wave = Wave(url, timeout_seconds=2)
        found = await wave.status(ACCOUNT, msgspec.structs.replace(PAYING, provider_id=None))
        assert getattr(found, "state").provider_id == "cos-2"  # noqa: B009 - an Absent has none, and fails
        await wave.close()


def test_credentials_are_known_by_their_look() -> None:
    patterns = {one.name: one.pattern for one in Wave.credentials}
    assert re.fullmatch(patterns["api_key"], "wave_sn_prod_YhUNb9d-i4bA6")
    assert not re.fullmatch(patterns["api_key"], "sk_live_YhUNb9di4bA6")
    assert re.fullmatch(patterns["webhook_secret"], "wave_sn_WHS_secret")
