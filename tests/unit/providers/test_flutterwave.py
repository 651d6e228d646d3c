"""The Flutterwave adapter against its simulator, over real HTTP."""

import asyncio
import uuid
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest

from services.checkout.domain.charge import Dial, Prompt, Redirect, Transfer
from services.checkout.providers.flutterwave.adapter import Flutterwave
from services.checkout.providers.port import (
    Absent,
    Accepted,
    Ask,
    CannotExpire,
    Ignored,
    NotSent,
    Order,
    RefundOrder,
    RefundState,
    Refused,
    Unknown,
    Unreachable,
)
from shared.contracts.checkout import CustomerView
from shared.kernel.moment import utc_now
from shared.kernel.money import Money
from tests.support.processes import free_port
from tests.support.provider_desk import Desk, account, body_of
from tests.support.simulators import Receiver, Simulator
from tests.unit.checkout.build import NOW

KEY, HASH = "FLWSECK_TEST-0123456789abcdef-X", "secret-hash-of-the-tests"
CREDENTIALS = {"secret_key": KEY, "secret_hash": HASH, "email": "shop@merchant.example"}
GOOD, POOR, THREE_DS = "5531886652142950", "5258585922666506", "5438898014560229"
PHONES = {"UGX": "+256772123456", "RWF": "+250788123456", "XOF": "+221771234567", "XAF": "+237671234567"}


class FlutterwaveDesk(Desk):
    def mobile(self, minor: int, currency: str, **over: Any) -> Order:
        return self.order("mobile_money", minor, currency, **({"phone": PHONES[currency]} | over))

    async def hosted(self, minor: int = 1_999, currency: str = "USD") -> tuple[Order, str]:
        order = self.order("card", minor, currency)
        action = (await self.accepted(order)).next_action
        assert isinstance(action, Redirect)
        return order, action.url

    async def post(self, url: str, **form: str) -> httpx.Response:
        return await self.simulator.http.post(url, data=form)

    async def by_card(self, url: str, number: str = GOOD, pin: str = "3310", otp: str = "12345") -> httpx.Response:
        answer = await self.post(url, number=number, expiry="09/32", cvv="564", pin=pin)
        return await self.post(url, otp=otp) if "bank has sent" in answer.text else answer

    async def ours(self, order: Order) -> dict[str, Any]:
        return await self.simulator.payment(order.reference)


@pytest.fixture(scope="module")
async def simulator(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Simulator, None]:
    process = Simulator(
        "flutterwave", tmp_path_factory.mktemp("flw"), secret_key=KEY, secret_hash=HASH, approve_after_ms="150"
    )
    await process.start()
    yield process
    await process.stop()


@pytest.fixture
async def desk(simulator: Simulator) -> AsyncGenerator[FlutterwaveDesk, None]:
    receiver, provider = Receiver(), Flutterwave(simulator.url + "/v3", timeout_seconds=2)
    await receiver.start()
    await simulator.faults()
    await simulator.control("PUT", "/accounts", {"secret_key": KEY, "secret_hash": HASH, "webhook_url": receiver.url})
    yield FlutterwaveDesk(provider, account("flutterwave", "acct_1", **CREDENTIALS), simulator, receiver)
    await provider.close()
    await receiver.stop()


@pytest.mark.parametrize(
    ("minor", "currency", "sent"),
    [
        (1_999, "USD", "19.99"),
        (2_000, "EUR", "20.00"),
        (50_000, "UGX", "50000"),
        (1_200, "RWF", "1200"),
        (5_000, "XOF", "5000"),
        (150_050, "NGN", "1500.50"),
    ],
)
async def test_a_card_is_paid_on_the_hosted_page_in_the_providers_unit(
    desk: FlutterwaveDesk, minor: int, currency: str, sent: str
) -> None:
    order, url = await desk.hosted(minor, currency)
    assert (await desk.until(order, "pending")).total == order.total
    back = await desk.by_card(url)
    assert back.status_code == 303
    assert f"status=successful&tx_ref={order.reference}" in back.headers["location"]
    paid = await desk.until(order, "succeeded")
    assert (paid.total, paid.reference, paid.account) == (order.total, order.reference, "acct_1")
    assert (paid.provider_id, paid.card_brand, paid.payer_last4) == (order.reference, "mastercard", "2950")
    assert paid.fee is not None
    assert paid.fee.currency == currency
    ours = await desk.ours(order)
    assert (ours["amount"], ours["currency"], ours["captured"]) == (sent, currency, 1)


async def test_the_fee_is_what_flutterwave_keeps_to_the_nearest_minor_unit(desk: FlutterwaveDesk) -> None:
    order, url = await desk.hosted(150_050, "NGN")
    await desk.by_card(url)
    assert (await desk.until(order, "succeeded")).fee == Money(2_101, "NGN")
    order, url = await desk.hosted(40, "RWF")
    await desk.by_card(url)
    assert (await desk.until(order, "succeeded")).fee == Money(1, "RWF"), "0.56 francs"


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        ({"number": POOR}, "insufficient_funds"),
        ({"number": "5143010522339965"}, "declined"),
        ({"pin": "0000"}, "authentication_failed"),
        ({"otp": "99999"}, "authentication_failed"),
        ({"number": THREE_DS, "otp": "1"}, "authentication_failed"),
    ],
)
async def test_a_card_that_fails_closes_the_page_so_that_it_cannot_be_paid_beside_the_next(
    desk: FlutterwaveDesk, card: dict[str, str], reason: str
) -> None:
    order, url = await desk.hosted()
    back = await desk.by_card(url, **card)
    assert "status=failed" in back.headers["location"]
    failed = await desk.until(order, "failed")
    assert (failed.reason, failed.fee) == (reason, None)
    assert (await desk.by_card(url)).status_code == 303
    assert (await desk.ours(order))["captured"] == 0


async def test_a_hosted_page_that_nobody_used_is_pending_until_it_closes(desk: FlutterwaveDesk) -> None:
    order, url = await desk.hosted()
    assert (await desk.simulator.http.get(url)).status_code == 200
    left = await desk.post(url, do="cancel")
    assert "status=cancelled" in left.headers["location"]
    assert (await desk.until(order, "pending")).next_action is None
    assert await desk.provider.expire(desk.account, desk.payment(order)) == CannotExpire()
    later = Flutterwave(desk.simulator.url, clock=lambda: utc_now() + timedelta(minutes=50))
    closed = await later.status(desk.account, desk.payment(order))
    assert isinstance(closed, Accepted)
    assert (closed.state.status, closed.state.reason) == ("expired", "expired")
    await later.close()


@pytest.mark.parametrize(("minor", "currency"), [(50_000, "UGX"), (1_200, "RWF")])
async def test_mobile_money_goes_by_a_page_in_uganda_and_rwanda(
    desk: FlutterwaveDesk, minor: int, currency: str
) -> None:
    order, declined = desk.mobile(minor, currency), desk.mobile(minor, currency)
    for one, do in ((order, "approve"), (declined, "decline")):
        action = (await desk.accepted(one)).next_action
        assert isinstance(action, Redirect)
        assert (await desk.until(one, "pending")).payer_last4 is None
        assert (await desk.simulator.http.get(action.url)).status_code == 200
        await desk.post(action.url, do=do)
    paid = await desk.until(order, "succeeded")
    assert (paid.total, paid.payer_last4) == (order.total, "3456")
    assert (await desk.until(declined, "failed")).reason == "rejected_by_payer"
    assert (await desk.ours(order))["amount"] == str(minor)


@pytest.mark.parametrize(("minor", "currency"), [(5_000, "XOF"), (2_500, "XAF")])
async def test_mobile_money_is_asked_on_the_phone_where_francs_are_paid(
    desk: FlutterwaveDesk, minor: int, currency: str
) -> None:
    order = desk.mobile(minor, currency)
    action = (await desk.accepted(order)).next_action
    assert isinstance(action, Prompt)
    assert action.phone == PHONES[currency]
    assert (await desk.until(order, "succeeded")).total == order.total
    assert (await desk.ours(order))["amount"] == str(minor)


async def test_a_ussd_code_of_the_buyers_bank_is_dialed(desk: FlutterwaveDesk) -> None:
    order = desk.order("ussd", 150_050, "NGN", bank="058")
    action = (await desk.accepted(order)).next_action
    assert isinstance(action, Dial)
    assert action.code.startswith("*566*058*")
    assert (await desk.until(order, "pending")).status == "pending"
    await desk.post(f"/phone/{action.code[-7:-1]}", do="approve")
    assert (await desk.until(order, "succeeded")).total == order.total
    assert (await desk.ours(order))["amount"] == "1500.50"


async def test_a_transfer_of_the_exact_amount_pays_and_of_less_does_not(desk: FlutterwaveDesk) -> None:
    whole, short = desk.order("bank_transfer", 150_050, "NGN"), desk.order("bank_transfer", 150_050, "NGN")
    for order, sent in ((whole, "1500.50"), (short, "1")):
        action = (await desk.accepted(order)).next_action
        assert isinstance(action, Transfer)
        assert (action.bank, action.amount) == ("Mock Bank", order.total)
        assert action.expires_at is not None
        assert action.reference is not None
        assert (await desk.simulator.http.get(f"/bank/{action.account_number}")).status_code == 200
        await desk.post(f"/bank/{action.account_number}", amount=sent)
    assert (await desk.until(whole, "succeeded")).total == whole.total
    assert (await desk.until(short, "succeeded")).total == Money(100, "NGN"), "the domain refuses to count it"


@pytest.mark.parametrize(
    ("order", "refused"),
    [
        ({"method": "mobile_money", "minor": 100, "currency": "KES", "phone": "+254711123456"}, "currency_not_taken"),
        ({"method": "mobile_money", "minor": 100, "currency": "UGX", "phone": "+256711123456"}, "operator_not_taken"),
        ({"method": "mobile_money", "minor": 100, "currency": "XOF", "phone": "+254711123456"}, "country_not_taken"),
        ({"method": "card", "minor": 100, "currency": "JPY"}, "currency_not_taken"),
        ({"method": "ussd", "minor": 100, "currency": "NGN"}, "http_400"),
        ({"method": "bank_transfer", "minor": 100, "currency": "UGX"}, "http_400"),
    ],
)
async def test_what_flutterwave_cannot_take_is_refused(
    desk: FlutterwaveDesk, order: dict[str, Any], refused: str
) -> None:
    result = await desk.provider.create(desk.account, desk.order(**order))
    assert isinstance(result, Refused)
    assert result.code == refused


async def test_the_operator_that_the_buyer_chose_goes_before_the_one_of_the_number(desk: FlutterwaveDesk) -> None:
    assert isinstance(await desk.provider.create(desk.account, desk.mobile(5, "UGX", operator="Airtel")), Accepted)
    wave = await desk.provider.create(desk.account, desk.mobile(5, "UGX", operator="Wave"))
    assert wave == Refused("operator_not_taken", "operator")


async def test_the_buyers_email_is_sent_and_the_merchants_where_there_is_none(desk: FlutterwaveDesk) -> None:
    with_own = desk.order("card", 100, "USD", customer=CustomerView(email="amina@example.com"))
    without = desk.order("card", 100, "USD")
    for order, email in ((with_own, "amina@example.com"), (without, "shop@merchant.example")):
        await desk.accepted(order)
        assert (await desk.ours(order))["details"]["email"] == email


async def test_a_timeout_after_the_commit_is_found_and_never_charged_twice(desk: FlutterwaveDesk) -> None:
    quick = Flutterwave(desk.simulator.url, timeout_seconds=0.4)
    await desk.simulator.faults(hang_creates=1, hang_ms=2_000)
    order = desk.mobile(5_000, "XOF")
    assert await quick.create(desk.account, order) == Unknown(answered=False)
    assert await quick.create(desk.account, order) == Unknown(answered=True), "its reference was used before"
    found = await quick.status(desk.account, desk.payment(order, known=False))
    assert isinstance(found, Accepted)
    await desk.until(order, "succeeded")
    assert (await desk.ours(order))["captured"] == 1
    await quick.close()


@pytest.mark.parametrize(("fault", "answered"), [("fail_creates", True), ("lose_creates", False)])
async def test_an_error_is_unknown_and_the_status_tells_the_rest(
    desk: FlutterwaveDesk, fault: str, *, answered: bool
) -> None:
    await desk.simulator.faults(**{fault: 1})
    order = desk.mobile(5_000, "XOF")
    assert await desk.provider.create(desk.account, order) == Unknown(answered)
    found = await desk.provider.status(desk.account, desk.payment(order, known=False))
    assert isinstance(found, Absent if fault == "fail_creates" else Accepted)


async def test_a_hosted_page_whose_address_was_lost_is_absent_since_nobody_can_pay_there(
    desk: FlutterwaveDesk,
) -> None:
    await desk.simulator.faults(lose_creates=1)
    order = desk.order("card", 100, "USD")
    assert await desk.provider.create(desk.account, order) == Unknown(answered=False)
    assert await desk.provider.status(desk.account, desk.payment(order, known=False)) == Absent()


async def test_a_wrong_key_is_refused_and_no_word_about_a_payment(desk: FlutterwaveDesk) -> None:
    wrong = msgspec.structs.replace(desk.account, credentials=CREDENTIALS | {"secret_key": "FLWSECK_TEST-nobody"})
    order = desk.order("card", 100, "USD")
    assert await desk.provider.create(wrong, order) == Refused("http_401", None)
    assert await desk.provider.status(wrong, desk.payment(order)) == Unreachable()


async def test_nobody_listening_means_not_sent() -> None:
    nobody = Flutterwave(f"http://127.0.0.1:{free_port()}")
    desk = FlutterwaveDesk(nobody, account("flutterwave", "acct_1", **CREDENTIALS), None, Receiver())
    order = desk.order("card", 100, "USD")
    assert await nobody.create(desk.account, order) == NotSent()
    assert await nobody.status(desk.account, desk.payment(order)) == Unreachable()
    assert await nobody.refund(desk.account, refund_of(desk, order, 1)) == NotSent()
    await nobody.close()


def refund_of(desk: Desk, order: Order, minor: int) -> RefundOrder:
    amount = Money(minor, order.total.currency)
    return RefundOrder(reference=uuid.uuid4().hex, payment=desk.payment(order), amount=amount, reason="out of stock")


async def paid(desk: FlutterwaveDesk) -> Order:
    order, url = await desk.hosted(150_050, "NGN")
    await desk.by_card(url)
    await desk.until(order, "succeeded")
    return order


async def test_a_part_is_refunded_once_however_often_it_is_asked_for(desk: FlutterwaveDesk) -> None:
    order = await paid(desk)
    refund = refund_of(desk, order, 50_025)
    first = await desk.provider.refund(desk.account, refund)
    assert isinstance(first, RefundState)
    assert (first.status, first.amount, first.reference) == ("succeeded", refund.amount, refund.reference)
    assert await desk.provider.refund(desk.account, refund) == first
    for provider_id in (None, first.provider_id):
        assert await desk.provider.refund_status(desk.account, refund, provider_id) == first
    assert [one["amount"] for one in (await desk.ours(order))["refunds"]] == ["500.25"]
    too_much = refund_of(desk, order, 100_026)
    assert await desk.provider.refund(desk.account, too_much) == Refused("http_400", None)
    assert await desk.provider.refund_status(desk.account, too_much, None) == Absent()


async def test_a_refund_whose_answer_is_lost_is_found_and_made_once(desk: FlutterwaveDesk) -> None:
    order = await paid(desk)
    await desk.simulator.faults(lose_creates=1)
    refund = refund_of(desk, order, 150_050)
    assert await desk.provider.refund(desk.account, refund) == Unknown(answered=False)
    found = await desk.provider.refund_status(desk.account, refund, None)
    assert isinstance(found, RefundState)
    assert await desk.provider.refund(desk.account, refund) == found
    assert len((await desk.ours(order))["refunds"]) == 1


async def test_what_was_not_paid_is_not_refunded(desk: FlutterwaveDesk) -> None:
    order = desk.order("ussd", 100, "NGN", bank="058")
    await desk.accepted(order)
    assert await desk.provider.refund(desk.account, refund_of(desk, order, 100)) == Refused("not_paid", None)


async def test_a_callback_is_retried_knows_the_secret_and_only_says_what_to_ask(desk: FlutterwaveDesk) -> None:
    order = desk.mobile(5_000, "XOF")
    desk.receiver.failing.add(order.reference)
    await desk.accepted(order)
    received = await desk.receiver.of(order.reference, 2)
    for method, headers, body in received:
        assert method == "POST"
        assert desk.provider.is_authentic(desk.account, headers, body=body, now=NOW)
        said = desk.provider.read("acct_1", body)
        assert isinstance(said, Ask)
        assert said.reference == order.reference
        assert said.event_id.endswith(":successful")
        assert desk.provider.kept_headers(headers) == {}
    assert len({body for _, _, body in received}) == 1


@pytest.mark.parametrize("tamper", ["amount", "currency", "reference", "signature", None])
async def test_a_tampered_or_repeated_callback_makes_us_ask_and_nothing_more(
    desk: FlutterwaveDesk, tamper: str | None
) -> None:
    order = desk.order("ussd", 5_000, "NGN", bank="058")
    await desk.accepted(order)
    path = f"/payments/{order.reference}/callback"
    await desk.simulator.control("POST", path, {"status": "succeeded", "tamper": tamper, "times": 3})
    named = "unknown-" if tamper == "reference" else order.reference
    received = await desk.receiver.of(named, 3)
    for _, headers, body in received:
        authentic = desk.provider.is_authentic(desk.account, headers, body=body, now=NOW)
        assert authentic is (tamper != "signature")
        said = desk.provider.read("acct_1", body)
        assert isinstance(said, Ask)
        assert (said.reference == order.reference) is (tamper != "reference")
    assert (await desk.until(order, "pending")).status == "pending"


@pytest.mark.parametrize("faults", [{"callbacks": "shuffle", "callback_times": 5}, {"callbacks": "drop"}])
async def test_however_callbacks_come_the_status_tells_the_same(desk: FlutterwaveDesk, faults: dict[str, Any]) -> None:
    await desk.simulator.faults(**faults)
    order = desk.mobile(5_000, "XOF")
    await desk.accepted(order)
    await desk.until(order, "succeeded")
    count = 0 if faults["callbacks"] == "drop" else 5
    await desk.receiver.of(order.reference, count)
    assert sum(order.reference.encode() in body for _, _, body in desk.receiver.received) == count
    assert (await desk.ours(order))["captured"] == 1


async def test_a_late_success_after_a_failure_is_told(desk: FlutterwaveDesk) -> None:
    order = desk.order("ussd", 5_000, "NGN", bank="058")
    await desk.accepted(order)
    await desk.simulator.control("POST", f"/payments/{order.reference}/fail", {"reason": "Request timed out"})
    assert (await desk.until(order, "expired")).reason == "expired"
    await desk.simulator.control("POST", f"/payments/{order.reference}/succeed")
    await desk.until(order, "succeeded")


def test_a_callback_in_the_old_flat_form_is_read_too() -> None:
    flutterwave = Flutterwave("http://127.0.0.1:1")
    flat = body_of(id=126122, txRef="ref_1", flwRef="FLW1", amount=1000, status="successful", currency="NGN")
    assert flutterwave.read("acct_1", flat) == Ask("legacy:126122:successful", "ref_1")
    transfer = body_of(event="transfer.completed", data={"id": 1, "status": "SUCCESSFUL", "reference": "x"})
    assert flutterwave.read("acct_1", transfer) == Ignored("transfer.completed:1:SUCCESSFUL")


@pytest.mark.parametrize("header", [None, "", "secret-hash-of-the-test", HASH + "x", "ü" * 16, "x" * 1_000])
def test_who_does_not_know_the_secret_hash_is_not_flutterwave(header: str | None) -> None:
    flutterwave = Flutterwave("http://127.0.0.1:1")
    one = account("flutterwave", "acct_1", **CREDENTIALS)
    headers = {"verif-hash": header} if header is not None else {}
    assert not flutterwave.is_authentic(one, headers, body=b"{}", now=NOW)
    nobody = account("flutterwave", "acct_1", **(CREDENTIALS | {"secret_hash": ""}))
    assert not flutterwave.is_authentic(nobody, headers, body=b"{}", now=NOW)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        body_of(event="charge.completed"),
        body_of(event="charge.completed", data={"id": "1", "status": "successful", "tx_ref": "r"}),
        body_of(event="charge.completed", data={"id": 2**70, "status": "successful", "tx_ref": "r"}),
        body_of(event="charge.completed", data={"id": 1, "status": "successful", "tx_ref": "r\x00"}),
        body_of(id=1, status="successful", txRef="with blanks"),
    ],
)
def test_what_is_no_callback_is_none(body: bytes) -> None:
    assert Flutterwave("http://127.0.0.1:1").read("acct_1", body) is None


@pytest.mark.parametrize(
    ("target", "over", "status"),
    [
        ("/v3/payments", {}, 200),
        ("/v3/payments", {"amount": "19.99"}, 400),
        ("/v3/payments", {"amount": 19.999}, 400),
        ("/v3/payments", {"amount": 0}, 400),
        ("/v3/payments", {"currency": "UGX", "amount": 10.5}, 400),
        ("/v3/payments", {"surprise": True}, 400),
        ("/v3/payments", {"customer": {"name": "Amina"}}, 400),
        ("/v3/payments", {"session_duration": 1_441}, 400),
        ("/v3/charges?type=card", {}, 400),
    ],
)
async def test_the_simulator_is_as_strict_as_flutterwave(
    desk: FlutterwaveDesk, target: str, over: dict[str, Any], status: int
) -> None:
    body: dict[str, Any] = {
        "tx_ref": uuid.uuid4().hex,
        "amount": 19.99,
        "currency": "USD",
        "redirect_url": "https://shop.example/done",
        "customer": {"email": "amina@example.com"},
    }
    headers = {"authorization": f"Bearer {KEY}"}
    answer = await desk.simulator.http.post(target, headers=headers, json=body | over)
    assert answer.status_code == status, answer.text
    assert answer.json()["status"] == ("success" if status == 200 else "error")


async def test_many_at_once_are_each_made_once(desk: FlutterwaveDesk) -> None:
    orders = [desk.mobile(5_000, "XOF") for _ in range(6)]
    results = await asyncio.gather(*(desk.provider.create(desk.account, one) for one in orders + orders))
    assert sum(isinstance(one, Accepted) for one in results) == 6
    assert sum(one == Unknown(answered=True) for one in results) == 6
