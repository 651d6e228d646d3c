"""The sandbox provider as its callers meet it: a real process, real callbacks."""

# ruff: noqa: F811 - pytest hands fixtures over by the name of a parameter

import asyncio

import pytest

from tests.unit.sandbox.fixtures import merchant, receiver, sandbox  # noqa: F401 - fixtures
from tests.unit.sandbox.rig import Merchant


async def settled_quietly() -> None:
    """Long enough for a callback that must not come."""
    await asyncio.sleep(0.4)


async def test_an_ordinary_number_approves_itself_and_is_called_back_once(merchant: Merchant) -> None:
    payment = await merchant.pay()
    assert payment["status"] == "pending"
    assert payment["version"] == 1
    assert payment["next_action"]["type"] == "prompt"
    (event,) = await merchant.receiver.until(payment, 1)
    assert event["type"] == "payment.succeeded"
    assert event["data"] == await merchant.show(payment)
    assert event["data"]["version"] == 2
    assert all(merchant.signed(header, body) for header, body, _ in merchant.receiver.received)
    assert await merchant.captured(payment) == 1


@pytest.mark.parametrize(
    ("ending", "code"), [("01", "insufficient_funds"), ("02", "rejected_by_payer"), ("03", "expired")]
)
async def test_a_magic_number_fails_with_its_reason(merchant: Merchant, ending: str, code: str) -> None:
    payment = await merchant.pay(phone=f"+2567720000{ending}")
    (event,) = await merchant.receiver.until(payment, 1)
    assert (event["type"], event["data"]["failure_code"]) == ("payment.failed", code)
    assert await merchant.captured(payment) == 0


async def test_number_04_stays_pending_until_it_is_told(merchant: Merchant) -> None:
    payment = await merchant.pay(phone="+256772000004")
    await settled_quietly()
    assert (await merchant.show(payment))["status"] == "pending"
    told = await merchant.sandbox.control("POST", f"/payments/{payment['id']}/succeed")
    assert (told.json()["status"], told.json()["captured"]) == ("succeeded", 1)
    again = await merchant.sandbox.control("POST", f"/payments/{payment['id']}/succeed")
    assert again.json()["captured"] == 1
    refused = await merchant.sandbox.control("POST", f"/payments/{payment['id']}/fail", {"failure_code": "declined"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "already_succeeded")


async def test_a_payment_that_is_called_off_cannot_be_approved_any_more(merchant: Merchant) -> None:
    payment = await merchant.pay(phone="+256772000004")
    path = f"/v1/payments/{payment['id']}/expire"
    headers = {"Authorization": f"Bearer {merchant.account['api_key']}"}
    first, again = [await merchant.sandbox.http.post(path, headers=headers) for _ in range(2)]
    assert (first.status_code, first.json()["status"], first.json()["failure_code"]) == (200, "failed", "expired")
    assert again.json() == first.json()
    assert await merchant.captured(payment) == 0
    paid = await merchant.pay(card_token="tok_visa")
    refused = await merchant.sandbox.http.post(f"/v1/payments/{paid['id']}/expire", headers=headers)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "already_succeeded")
    stranger = {"Authorization": f"Bearer {(await merchant.sandbox.open_account('Other'))['api_key']}"}
    assert (await merchant.sandbox.http.post(path, headers=stranger)).status_code == 404


@pytest.mark.parametrize("asked", [{"phone": "+256772000005"}, {"card_token": "tok_late_success"}])
async def test_a_late_success_fails_first(merchant: Merchant, asked: dict[str, str]) -> None:
    payment = await merchant.pay(**asked)
    failed, succeeded = await merchant.receiver.until(payment, 2)
    assert (failed["data"]["status"], failed["data"]["failure_code"]) == ("failed", "expired")
    assert (succeeded["data"]["status"], succeeded["data"]["version"]) == ("succeeded", failed["data"]["version"] + 1)
    assert await merchant.captured(payment) == 1


@pytest.mark.parametrize("asked", [{"phone": "+256772000006"}, {"card_token": "tok_callback_lost"}])
async def test_a_lost_callback_never_comes_though_money_was_taken(merchant: Merchant, asked: dict[str, str]) -> None:
    payment = await merchant.pay(**asked)
    await merchant.until(payment, "succeeded")
    await settled_quietly()
    assert merchant.receiver.of(payment) == []
    (kept,) = (await merchant.sandbox.control("GET", f"/callbacks?payment={payment['id']}")).json()["data"]
    assert (kept["state"], kept["attempts"]) == ("dropped", [])


async def test_number_07_is_called_back_three_times_in_the_wrong_order(merchant: Merchant) -> None:
    payment = await merchant.pay(phone="+256772000007")
    events = await merchant.receiver.until(payment, 6)
    assert [event["type"] for event in events] == ["payment.succeeded"] * 3 + ["payment.pending"] * 3
    assert [event["data"]["version"] for event in events] == [2, 2, 2, 1, 1, 1]
    assert len({event["id"] for event in events}) == 2


async def test_number_08_stores_nothing(merchant: Merchant) -> None:
    body = merchant.body(phone="+256772000008")
    answer = await merchant.post(body, key="k8")
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal_error")
    assert (await merchant.get(f"/v1/payments?reference={body['reference']}")).status_code == 404


async def test_number_09_hangs_after_it_stored_the_payment(merchant: Merchant) -> None:
    body = merchant.body(phone="+256772000009")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await merchant.post(body, key="k9")
    found = (await merchant.get(f"/v1/payments?reference={body['reference']}")).json()
    await merchant.until(found, "succeeded")
    replayed = await merchant.post(body, key="k9")
    assert replayed.headers["idempotent-replayed"] == "true"
    assert replayed.json()["id"] == found["id"]
    assert await merchant.captured(found) == 1


async def test_number_10_is_called_back_with_a_wrong_amount(merchant: Merchant) -> None:
    payment = await merchant.pay(phone="+256772000010")
    (event,) = await merchant.receiver.until(payment, 1)
    assert event["data"]["amount"] != 50_000
    assert (await merchant.show(payment))["amount"] == 50_000


async def test_number_11_is_refused_at_once(merchant: Merchant) -> None:
    payment = await merchant.pay(phone="+256772000011")
    assert (payment["status"], payment["failure_code"]) == ("failed", "payer_not_found")


@pytest.mark.parametrize(
    ("token", "status", "code", "types"),
    [
        ("tok_visa", "succeeded", None, ["succeeded"]),
        ("tok_mastercard", "succeeded", None, ["succeeded"]),
        ("tok_verve", "succeeded", None, ["succeeded"]),
        ("tok_declined", "failed", "declined", ["failed"]),
        ("tok_insufficient_funds", "failed", "insufficient_funds", ["failed"]),
        ("tok_pending", "pending", None, []),
        ("tok_callback_duplicate", "succeeded", None, ["succeeded"] * 3),
        ("tok_callback_reordered", "succeeded", None, ["succeeded", "pending"]),
    ],
)
async def test_a_card_token_answers_at_once_and_by_callback(
    merchant: Merchant, token: str, status: str, code: str | None, types: list[str]
) -> None:
    payment = await merchant.pay(card_token=token)
    assert (payment["status"], payment["failure_code"]) == (status, code)
    assert payment["card"]["last4"]
    events = await merchant.receiver.until(payment, len(types))
    assert [event["type"] for event in events] == [f"payment.{kind}" for kind in types]
    assert await merchant.captured(payment) == (status == "succeeded")


async def test_a_tokenized_card_is_used_once_by_its_own_account(merchant: Merchant) -> None:
    card = {"number": "4242424242424242", "exp_month": 12, "exp_year": 2030, "cvc": "123"}
    key = {"Authorization": f"Bearer {merchant.account['publishable_key']}"}
    made = await merchant.sandbox.http.post("/v1/tokens", json=card, headers=key)
    token = made.json()
    assert (made.status_code, token["brand"], token["last4"]) == (201, "visa", "4242")
    other = Merchant(merchant.sandbox, merchant.receiver, await merchant.sandbox.open_account())
    stolen = await other.post(other.body(card_token=token["token"]))
    assert stolen.json()["error"]["code"] == "token_unknown"
    body = merchant.body(card_token=token["token"])
    assert (await merchant.post(body, key="once")).json()["status"] == "succeeded"
    assert (await merchant.post(body, key="once")).json()["status"] == "succeeded"
    used = await merchant.post(merchant.body(card_token=token["token"]))
    assert (used.status_code, used.json()["error"]["code"]) == (400, "token_used")
    for wrong, code in (
        ({"number": "4242424242424241"}, "invalid_number"),
        ({"number": "4111111111111111"}, "not_a_test_card"),
        ({"exp_year": 2020}, "invalid_expiry"),
        ({"cvc": "1234"}, "invalid_cvc"),
    ):
        answer = await merchant.sandbox.http.post("/v1/tokens", json=card | wrong, headers=key)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


async def test_a_key_and_a_reference_each_make_one_payment(merchant: Merchant) -> None:
    body = merchant.body()
    answers = await asyncio.gather(*(merchant.post(body, key="same") for _ in range(20)))
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    mismatch = await merchant.post(body | {"amount": 1}, key="same")
    assert (mismatch.status_code, mismatch.json()["error"]["code"]) == (409, "idempotency_mismatch")
    exists = await merchant.post(body, key="another")
    assert (exists.status_code, exists.json()["error"]["code"]) == (409, "reference_exists")
    other = Merchant(merchant.sandbox, merchant.receiver, await merchant.sandbox.open_account())
    assert (await other.post(body, key="same")).status_code == 201
    assert (await other.get(f"/v1/payments/{answers[0].json()['id']}")).status_code == 404
    await merchant.until(answers[0].json(), "succeeded")
    assert await merchant.captured(answers[0].json()) == 1


async def test_a_receiver_that_answers_500_is_asked_again(merchant: Merchant) -> None:
    merchant.receiver.answers.extend([500, 503])
    payment = await merchant.pay(card_token="tok_visa")
    events = await merchant.receiver.until(payment, 3)
    assert len({event["id"] for event in events}) == 1
    times = [at for _, _, at in merchant.receiver.received]
    assert 0.4 < times[1] - times[0] < 0.9
    assert 0.9 < times[2] - times[1] < 1.6
    await settled_quietly()
    (kept,) = (await merchant.sandbox.control("GET", f"/callbacks?payment={payment['id']}")).json()["data"]
    assert kept["state"] == "delivered"
    assert [attempt["status"] for attempt in kept["attempts"]] == [500, 503, 200]


@pytest.mark.parametrize("tamper", ["amount", "currency", "reference", "account", "signature"])
async def test_the_control_api_tampers_with_one_thing_at_a_time(merchant: Merchant, tamper: str) -> None:
    payment = await merchant.pay(card_token="tok_visa")
    (true,) = await merchant.receiver.until(payment, 1)
    merchant.receiver.answers.append(400)
    told = await merchant.sandbox.control("POST", f"/payments/{payment['id']}/callback", {"tamper": tamper})
    assert told.status_code == 202
    _, false = await merchant.receiver.until(payment, 2)
    header, body, _ = merchant.receiver.received[-1]
    assert merchant.signed(header, body) == (tamper != "signature")
    changed = {name for name in true["data"] if true["data"][name] != false["data"][name]}
    assert changed == ({tamper} if tamper != "signature" else set())
    assert false["id"] == true["id"]
    await asyncio.sleep(0.8)
    assert len(merchant.receiver.of(payment)) == 2, "a forgery is not retried"


async def test_the_control_api_repeats_and_belates_events(merchant: Merchant) -> None:
    payment = await merchant.pay(card_token="tok_visa")
    await merchant.receiver.until(payment, 1)
    path = f"/payments/{payment['id']}/callback"
    await merchant.sandbox.control("POST", path, {"times": 3})
    await merchant.receiver.until(payment, 4)
    assert len({body for _, body, _ in merchant.receiver.received}) == 1
    await merchant.sandbox.control("POST", path, {"times": 2, "same_event_id": False})
    events = await merchant.receiver.until(payment, 6)
    assert len({event["id"] for event in events}) == 3
    await merchant.sandbox.control("POST", path, {"type": "payment.failed"})
    belated = (await merchant.receiver.until(payment, 7))[-1]
    assert belated["data"]["status"] == "failed"
    assert belated["data"]["version"] < payment["version"]


async def test_faults_drop_duplicate_shuffle_and_fail_creates(merchant: Merchant) -> None:
    control = merchant.sandbox.control
    await control("PUT", "/faults", {"callbacks": "drop"})
    dropped = await merchant.pay(card_token="tok_visa")
    await control("PUT", "/faults", {"callbacks": "duplicate", "callback_times": 4})
    doubled = await merchant.pay(card_token="tok_visa")
    await merchant.receiver.until(doubled, 4)
    await control("PUT", "/faults", {"callbacks": "shuffle", "callback_times": 5})
    shuffled = await merchant.pay(card_token="tok_visa")
    assert len(await merchant.receiver.until(shuffled, 10)) == 10
    assert merchant.receiver.of(dropped) == []
    await control("PUT", "/faults", {"fail_creates": 2, "approve_after_ms": 0})
    body = merchant.body()
    statuses = [(await merchant.post(body, key="again")).status_code for _ in range(3)]
    assert statuses == [500, 500, 201]
    assert (await control("GET", "/faults")).json()["fail_creates"] == 0
    assert (await control("PUT", "/faults", {"callbacks": "explode"})).status_code == 400
