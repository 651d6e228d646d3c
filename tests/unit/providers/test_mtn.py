"""The MTN MoMo adapter against its simulator, over real HTTP."""

import asyncio
import json
import uuid
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import msgspec
import pytest

from services.checkout.domain.charge import Prompt
from services.checkout.providers.mtn.adapter import Mtn
from services.checkout.providers.mtn.calls import keys_of
from services.checkout.providers.mtn.states import request_id
from services.checkout.providers.port import (
    Absent,
    Accepted,
    Ask,
    CannotExpire,
    NotSent,
    Order,
    RefundOrder,
    RefundState,
    Refused,
    Unknown,
    Unreachable,
)
from shared.kernel.money import Money
from tests.support.processes import free_port
from tests.support.provider_desk import Desk, account, body_of
from tests.support.simulators import Receiver, Simulator
from tests.unit.checkout.build import NOW

USER, KEY = "0a5f6b0e-3c1d-4c55-9d3f-2f6f1f0f7a11", "k" * 32
COLLECTIONS, DISBURSEMENTS = "c" * 32, "d" * 32
CREDENTIALS = {
    "api_user": USER,
    "api_key": KEY,
    "subscription_key": COLLECTIONS,
    "disbursement_subscription_key": DISBURSEMENTS,
    "target_environment": "mtnuganda",
}
PHONE = "+256772123456"


class MtnDesk(Desk):
    def provider_id(self, order: Order) -> str:
        return request_id(order.reference)

    def pay(self, minor: int = 50_000, currency: str = "UGX", *, phone: str = PHONE, **over: Any) -> Order:
        return self.order("mobile_money", minor, currency, phone=phone, **over)

    def within(self, target_environment: str) -> "MtnDesk":
        credentials = {**self.account.credentials, "target_environment": target_environment}
        elsewhere = msgspec.structs.replace(self.account, credentials=credentials)
        return MtnDesk(self.provider, elsewhere, self.simulator, self.receiver)

    async def ours(self, order: Order) -> dict[str, Any]:
        return await self.simulator.payment(request_id(order.reference))


@pytest.fixture(scope="module")
async def simulator(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Simulator, None]:
    process = Simulator(
        "mtn",
        tmp_path_factory.mktemp("mtn"),
        api_user=USER,
        api_key=KEY,
        subscription_key=COLLECTIONS,
        disbursement_key=DISBURSEMENTS,
        approve_after_ms="150",
    )
    await process.start()
    yield process
    await process.stop()


@pytest.fixture
async def desk(simulator: Simulator) -> AsyncGenerator[MtnDesk, None]:
    receiver, provider = Receiver(), Mtn(simulator.url, timeout_seconds=2)
    await receiver.start()
    await simulator.faults()
    yield MtnDesk(provider, account("mtn", "acct_1", **CREDENTIALS), simulator, receiver)
    await provider.close()
    await receiver.stop()


@pytest.mark.parametrize(
    ("environment", "minor", "currency", "sent"),
    [
        ("sandbox", 1_999, "EUR", "19.99"),
        ("sandbox", 500, "EUR", "5.00"),
        ("mtnuganda", 50_000, "UGX", "50000"),
        ("mtnrwanda", 1_200, "RWF", "1200"),
    ],
)
async def test_a_payment_reaches_mtn_in_its_unit_and_succeeds(
    desk: MtnDesk, environment: str, minor: int, currency: str, sent: str
) -> None:
    desk = desk.within(environment)
    order = desk.pay(minor, currency)
    state = await desk.accepted(order)
    assert (state.status, state.total, state.account) == ("pending", Money(minor, currency), "acct_1")
    assert isinstance(state.next_action, Prompt)
    assert state.next_action.phone == PHONE
    paid = await desk.until(order, "succeeded")
    assert (paid.total, paid.reference, paid.provider_id) == (order.total, order.reference, state.provider_id)
    ours = await desk.ours(order)
    assert (ours["amount"], ours["currency"], ours["phone"], ours["captured"]) == (sent, currency, PHONE[1:], 1)


@pytest.mark.parametrize(
    ("phone", "status", "reason"),
    [
        ("46733123450", "failed", "provider_error"),
        ("46733123451", "failed", "rejected_by_payer"),
        ("46733123452", "expired", "expired"),
        ("46733123455", "failed", "payer_not_found"),
        ("46733123499", "succeeded", None),
    ],
)
async def test_the_sandboxs_numbers_end_as_documented(
    desk: MtnDesk, phone: str, status: str, reason: str | None
) -> None:
    order = desk.pay(phone=f"+{phone}")
    await desk.accepted(order)
    ended = await desk.until(order, "succeeded", "failed", "expired")
    assert (ended.status, ended.reason) == (status, reason)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("NOT_ENOUGH_FUNDS", "insufficient_funds"),
        ("PAYER_LIMIT_REACHED", "declined"),
        ("COULD_NOT_PERFORM_TRANSACTION", "expired"),
        ("SOMETHING_NEW", "provider_error"),
    ],
)
async def test_each_reason_is_told_in_our_words(desk: MtnDesk, code: str, reason: str) -> None:
    order = desk.pay(phone="+46733123453")
    await desk.accepted(order)
    assert (await desk.until(order, "pending")).reason is None
    await desk.simulator.control("POST", f"/payments/{request_id(order.reference)}/fail", {"reason": code})
    assert (await desk.until(order, "failed", "expired")).reason == reason


async def test_nothing_can_be_called_off(desk: MtnDesk) -> None:
    order = desk.pay(phone="+46733123453")
    await desk.accepted(order)
    assert await desk.provider.expire(desk.account, desk.payment(order)) == CannotExpire()


async def test_the_same_order_again_is_the_same_payment(desk: MtnDesk) -> None:
    order = desk.pay(phone="+46733123453")
    first, second = await desk.accepted(order), await desk.accepted(order)
    assert first.provider_id == second.provider_id
    order = desk.pay()
    await desk.accepted(order)
    await desk.until(order, "succeeded")
    assert (await desk.accepted(order)).status == "succeeded"
    assert (await desk.ours(order))["captured"] == 1


async def test_a_timeout_after_the_commit_is_asked_again_and_charged_once(desk: MtnDesk) -> None:
    quick = Mtn(desk.simulator.url, timeout_seconds=0.4)
    await desk.simulator.faults(hang_creates=1, hang_ms=3_000)
    order = desk.pay()
    assert isinstance(await quick.create(desk.account, order), Accepted)
    await desk.simulator.faults(hang_creates=2, hang_ms=3_000)
    lost = desk.pay()
    desk_again = MtnDesk(quick, desk.account, desk.simulator, desk.receiver)
    assert isinstance(await quick.create(desk.account, lost), Accepted), "the second try found the first"
    for one in (order, lost):
        assert (await desk_again.until(one, "succeeded")).total == one.total
        assert (await desk.ours(one))["captured"] == 1
    await quick.close()


async def test_an_error_after_the_commit_is_unknown_and_found_by_our_reference(desk: MtnDesk) -> None:
    await desk.simulator.faults(lose_creates=1)
    order = desk.pay()
    assert isinstance(await desk.provider.create(desk.account, order), Accepted | Unknown)
    found = await desk.provider.status(desk.account, desk.payment(order, known=False))
    assert isinstance(found, Accepted)
    await desk.until(order, "succeeded")
    assert (await desk.ours(order))["captured"] == 1


async def test_an_error_before_anything_was_stored_leaves_nothing(desk: MtnDesk) -> None:
    await desk.simulator.faults(fail_creates=1)
    order = desk.pay()
    assert await desk.provider.create(desk.account, order) == Unknown(answered=True)
    assert await desk.provider.status(desk.account, desk.payment(order, known=False)) == Absent()


async def test_what_mtn_cannot_take_is_refused_with_its_reason(desk: MtnDesk) -> None:
    assert await desk.provider.create(desk.account, desk.pay(100, "RWF")) == Refused("currency_not_taken", "currency")
    assert await desk.provider.create(desk.account, desk.pay(phone=None)) == Refused("phone_needed", "phone")
    elsewhere = desk.pay(callback_url="https://somebody.example/callbacks")
    assert await desk.provider.create(desk.account, elsewhere) == Refused("invalid_callback_url_host", None)


async def test_wrong_keys_are_refused_before_anything_is_sent(desk: MtnDesk) -> None:
    wrong = msgspec.structs.replace(desk.account, credentials=CREDENTIALS | {"api_key": "x" * 32})
    order = desk.pay()
    assert await desk.provider.create(wrong, order) == Refused("unauthorized", None)
    assert await desk.provider.status(wrong, desk.payment(order)) == Unreachable()


async def test_nobody_listening_means_not_sent() -> None:
    nobody = Mtn(f"http://127.0.0.1:{free_port()}")
    desk = MtnDesk(nobody, account("mtn", "acct_1", **CREDENTIALS), None, Receiver())
    assert await nobody.create(desk.account, desk.pay()) == NotSent()
    assert await nobody.status(desk.account, desk.payment(desk.pay())) == Unreachable()
    await nobody.close()


async def test_a_token_that_ended_early_is_renewed_once_for_all_who_wait(desk: MtnDesk) -> None:
    await desk.accepted(desk.pay())
    tokens = desk.provider._at(desk.account).calls._tokens._kept  # type: ignore[attr-defined]
    before = {name: kept.token for name, kept in tokens.items()}
    await desk.simulator.faults(expire_tokens=3)
    orders = [desk.pay() for _ in range(3)]
    await asyncio.gather(*(desk.accepted(order) for order in orders))
    after = {name: kept.token for name, kept in tokens.items()}
    assert before.keys() == after.keys()
    assert before != after
    for order in orders:
        await desk.until(order, "succeeded")


async def test_many_at_once_share_one_token(desk: MtnDesk) -> None:
    await asyncio.gather(*(desk.accepted(desk.pay()) for _ in range(8)))
    assert len(desk.provider._at(desk.account).calls._tokens._kept) == 1  # type: ignore[attr-defined]


def refund_of(desk: MtnDesk, order: Order, minor: int) -> RefundOrder:
    return RefundOrder(
        reference=uuid.uuid4().hex, payment=desk.payment(order), amount=Money(minor, order.total.currency)
    )


async def settled(desk: MtnDesk, refund: RefundOrder) -> RefundState:
    async with asyncio.timeout(5):
        while True:
            state = await desk.provider.refund_status(desk.account, refund, None)
            if isinstance(state, RefundState) and state.status != "pending":
                return state
            await asyncio.sleep(0.03)


async def test_a_part_is_refunded_once_however_often_it_is_asked_for(desk: MtnDesk) -> None:
    order = desk.pay()
    await desk.accepted(order)
    await desk.until(order, "succeeded")
    refund = refund_of(desk, order, 20_000)
    for _ in range(2):
        begun = await desk.provider.refund(desk.account, refund)
        assert isinstance(begun, RefundState)
        assert (begun.status, begun.amount) == ("pending", refund.amount)
    done = await settled(desk, refund)
    assert (done.status, done.amount, done.reference) == ("succeeded", refund.amount, refund.reference)
    assert [one["amount"] for one in (await desk.ours(order))["refunds"]] == ["20000"]
    too_much = refund_of(desk, order, 30_001)
    await desk.provider.refund(desk.account, too_much)
    failed = await settled(desk, too_much)
    assert (failed.status, failed.failure) == ("failed", "not_allowed")


async def test_a_refund_without_its_subscription_is_refused(desk: MtnDesk) -> None:
    keys = {name: value for name, value in CREDENTIALS.items() if name != "disbursement_subscription_key"}
    without = msgspec.structs.replace(desk.account, credentials=keys)
    refund = refund_of(desk, desk.pay(), 1)
    refused = Refused("refunds_not_set_up", "disbursement_subscription_key")
    assert await desk.provider.refund(without, refund) == refused
    assert await desk.provider.refund_status(without, refund, None) == Unreachable()
    assert await desk.provider.refund_status(desk.account, refund, None) == Absent()


async def test_a_refund_whose_answer_is_lost_is_found_and_made_once(desk: MtnDesk) -> None:
    order = desk.pay()
    await desk.accepted(order)
    await desk.until(order, "succeeded")
    await desk.simulator.faults(lose_creates=1)
    refund = refund_of(desk, order, 50_000)
    assert await desk.provider.refund(desk.account, refund) == Unknown(answered=False)
    assert (await settled(desk, refund)).status == "succeeded"
    assert len((await desk.ours(order))["refunds"]) == 1


async def test_a_callback_is_sent_once_by_put_and_only_says_what_to_ask(desk: MtnDesk) -> None:
    order = desk.pay()
    desk.receiver.failing.add(order.reference)
    await desk.accepted(order)
    ((method, headers, body),) = await desk.receiver.of(order.reference)
    assert method == "PUT"
    assert desk.provider.is_authentic(desk.account, headers, body=body, now=NOW)
    said = desk.provider.read("acct_1", body)
    assert said == Ask(f"{order.reference}:SUCCESSFUL", order.reference)
    await asyncio.sleep(0.3)
    assert len(await desk.receiver.of(order.reference)) == 1
    path = f"/callbacks?payment={request_id(order.reference)}"
    assert (await desk.simulator.control("GET", path))["data"][0]["state"] == "given_up"


@pytest.mark.parametrize("tamper", ["amount", "currency", None])
async def test_a_tampered_or_repeated_callback_makes_us_ask_and_nothing_more(desk: MtnDesk, tamper: str | None) -> None:
    order = desk.pay(phone="+46733123453")
    await desk.accepted(order)
    path = f"/payments/{request_id(order.reference)}/callback"
    await desk.simulator.control("POST", path, {"status": "succeeded", "tamper": tamper, "times": 2})
    received = await desk.receiver.of(order.reference, 2)
    asks = {desk.provider.read("acct_1", body) for _, _, body in received}
    assert asks == {Ask(f"{order.reference}:SUCCESSFUL", order.reference)}
    assert (await desk.until(order, "pending")).status == "pending"


async def test_all_callbacks_dropped_the_status_still_tells(desk: MtnDesk) -> None:
    await desk.simulator.faults(callbacks="drop")
    order = desk.pay()
    await desk.accepted(order)
    await desk.until(order, "succeeded")
    assert not any(order.reference.encode() in body for _, _, body in desk.receiver.received)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        body_of(externalId="r", status="DONE"),
        body_of(externalId="", status="PENDING"),
        body_of(externalId="with blanks", status="PENDING"),
        body_of(externalId="r\x00", status="PENDING"),
        body_of(status="PENDING"),
    ],
)
def test_what_is_no_callback_is_none(body: bytes) -> None:
    mtn = Mtn("http://127.0.0.1:1")
    assert mtn.read("acct_1", body) is None
    assert not mtn.is_authentic(account("mtn", "acct_1"), {}, body=body, now=NOW)


async def called(desk: MtnDesk, path: str = "/collection/v1_0/requesttopay", **over: Any) -> httpx.Response:
    """A request that is right but for what `over` changes; None leaves a header out."""
    keys = keys_of(desk.account, "collection")
    token = await desk.provider._at(desk.account).calls._tokens.get("collection", keys)  # type: ignore[attr-defined]
    body = {
        "amount": "500", "currency": "UGX", "externalId": "x", "payerMessage": "m", "payeeNote": "n",
        "payer": {"partyIdType": "MSISDN", "partyId": "256772123456"},
    } | over.pop("body", {})  # fmt: skip
    headers: dict[str, str | None] = {
        "authorization": f"Bearer {token}",
        "ocp-apim-subscription-key": COLLECTIONS,
        "x-target-environment": "mtnuganda",
        "x-reference-id": str(uuid.uuid4()),
    } | over
    sent = {name: value for name, value in headers.items() if value is not None}
    return await desk.simulator.http.post(path, headers=sent, content=json.dumps(body))


@pytest.mark.parametrize(
    ("over", "status", "code"),
    [
        ({}, 202, None),
        ({"body": {"amount": 500}}, 400, "BAD_REQUEST"),
        ({"body": {"amount": "500.5"}}, 400, "BAD_REQUEST"),
        ({"body": {"amount": "0"}}, 400, "BAD_REQUEST"),
        ({"body": {"payeeNote": "n" * 161}}, 400, "BAD_REQUEST"),
        ({"body": {"payer": {"partyIdType": "MSISDN", "partyId": "+256772123456"}}}, 400, "BAD_REQUEST"),
        ({"body": {"surprise": 1}}, 400, "BAD_REQUEST"),
        ({"body": {"currency": "RWF"}}, 500, "INVALID_CURRENCY"),
        ({"x-reference-id": "018f0000-0000-7000-8000-000000000000"}, 400, "INVALID_REFERENCE_ID"),
        ({"x-reference-id": None}, 400, "INVALID_REFERENCE_ID"),
        ({"x-target-environment": "mars"}, 500, "NOT_ALLOWED_TARGET_ENVIRONMENT"),
        ({"authorization": "Bearer nobody"}, 401, None),
        ({"ocp-apim-subscription-key": "nobody"}, 401, None),
    ],
)
async def test_the_simulator_is_as_strict_as_mtn(
    desk: MtnDesk, over: dict[str, Any], status: int, code: str | None
) -> None:
    answer = await called(desk, **over)
    assert answer.status_code == status, answer.text
    assert answer.content == b"" if status == 202 else answer.json().get("code") == code


async def test_a_user_of_the_sandbox_is_made_as_at_mtn(desk: MtnDesk) -> None:
    user, keys = str(uuid.uuid4()), {"ocp-apim-subscription-key": COLLECTIONS}
    made = {"headers": keys | {"x-reference-id": user}, "json": {"providerCallbackHost": "127.0.0.1"}}
    http = desk.simulator.http
    assert (await http.post("/v1_0/apiuser", **made)).status_code == 201
    assert (await http.post("/v1_0/apiuser", **made)).status_code == 409
    key = (await http.post(f"/v1_0/apiuser/{user}/apikey", headers=keys)).json()["apiKey"]
    answer = await http.post("/collection/token/", headers=keys, auth=(user, key))
    assert answer.json()["expires_in"] == 3_600
    assert (await http.post("/collection/token", headers=keys, auth=(user, key))).status_code == 404
    assert (await http.post("/disbursement/token/", headers=keys, auth=(user, key))).status_code == 401
