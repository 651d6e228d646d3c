import json
import string
from itertools import count
from pathlib import Path

import msgspec
import pytest

from deploy.simulators.callbacks.delivery import after_attempt
from deploy.simulators.callbacks.records import Attempt, Callback
from deploy.simulators.pages.card_form import read_card_form
from deploy.simulators.pages.currencies import format_amount
from deploy.simulators.process.environment import SettingsError
from deploy.simulators.process.moments import rfc3339
from deploy.simulators.sandbox.app import RETRIES
from deploy.simulators.sandbox.callbacks import Chance, event_callbacks
from deploy.simulators.sandbox.lifecycle import AlreadySucceededError, settle
from deploy.simulators.sandbox.outcomes import APPROVED, phone_outcome
from deploy.simulators.sandbox.problems import ApiError
from deploy.simulators.sandbox.records import Faults, Payment
from deploy.simulators.sandbox.settings import load_settings
from deploy.simulators.sandbox.signing import sign, signature_header
from deploy.simulators.sandbox.texts import TEXTS, choose_locale
from deploy.simulators.sandbox.wire import PaymentRequest, decode

GOLDEN = Path(__file__).parents[2] / "golden" / "sandbox_signature.json"
NOW_MS = 1_800_000_000_000
PAYMENT = Payment(
    id="pay_1",
    account="acct_1",
    reference="r",
    status="pending",
    amount=50_000,
    currency="UGX",
    method="mobile_money",
    phone="+256772123456",
    created_ms=NOW_MS,
    updated_ms=NOW_MS,
    callback_url="http://127.0.0.1:9/",
)


def test_the_signature_is_the_one_that_the_documents_pin() -> None:
    vector = json.loads(GOLDEN.read_text(encoding="utf-8"))
    body = vector["body"].encode()
    assert sign(vector["secret"], vector["t"], body=body) == vector["v1"]
    assert signature_header(vector["secret"], vector["t"], body=body) == vector["header"]


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "text"),
    [
        (50_000, "UGX", "en", "UGX\u00a050,000"),
        (50_000, "UGX", "fr", "50\u202f000\u00a0UGX"),
        (5, "USD", "en", "USD\u00a00.05"),
        (123_456, "EUR", "fr", "1\u202f234,56\u00a0EUR"),
        (1_234, "KWD", "en", "KWD\u00a01.234"),
        (10**15, "JPY", "en", "JPY\u00a01,000,000,000,000,000"),
    ],
)
def test_an_amount_is_written_with_the_decimals_of_its_currency(
    amount: int, currency: str, locale: str, text: str
) -> None:
    assert format_amount(amount, currency, locale=locale) == text


def test_only_numbers_that_end_in_0000nn_are_magic() -> None:
    assert phone_outcome("+256772000001").failure_code == "insufficient_funds"
    assert phone_outcome("+256770000011").at_once
    for ordinary in ("+256772123456", "+256772000101", "+256772100001", "+256772000000", "+256772000012"):
        assert phone_outcome(ordinary) == APPROVED


def test_a_succeeded_payment_never_fails_and_a_failed_one_may_still_succeed() -> None:
    failed = settle(PAYMENT, "failed", failure_code="expired", now_ms=NOW_MS)
    late = settle(failed, "succeeded", failure_code=None, now_ms=NOW_MS)
    assert (late.status, late.failure_code, late.version) == ("succeeded", None, 3)
    assert settle(late, "succeeded", failure_code=None, now_ms=NOW_MS) is late
    with pytest.raises(AlreadySucceededError):
        settle(late, "failed", failure_code="declined", now_ms=NOW_MS)


def test_retries_follow_the_schedule_and_end_after_three_days() -> None:
    callback = Callback(
        event_id="e", payment="p", account="a", type="payment.succeeded", url="u", body=b"", created_ms=0, due_ms=0
    )
    waits, now_ms = [], 0
    while callback.state == "due":
        attempt = Attempt(callback=1, at_ms=now_ms, duration_ms=0, status=500, error=None)
        callback = after_attempt(callback, attempt, RETRIES)
        if callback.due_ms is not None:
            waits.append(callback.due_ms - now_ms)
            now_ms = callback.due_ms
    assert waits[:8] == [500, 1_000, 2_000, 5_000, 15_000, 60_000, 600_000, 600_000]
    assert callback.state == "given_up"
    assert RETRIES.give_up_after_ms - 600_000 < now_ms <= RETRIES.give_up_after_ms


def test_shuffled_callbacks_keep_every_copy_and_bring_an_older_event_along() -> None:
    numbers = count()
    chance = Chance(new_id=lambda prefix: f"{prefix}{next(numbers)}", below=lambda limit: next(numbers) % limit)
    paid = settle(PAYMENT, "succeeded", failure_code=None, now_ms=NOW_MS)
    sent = event_callbacks(paid, Faults(callbacks="shuffle", callback_times=10), now_ms=NOW_MS, chance=chance)
    assert len(sent) == 20
    assert len({callback.event_id for callback in sent}) == 2
    bodies = {callback.type: json.loads(callback.body)["data"] for callback in sent}
    assert bodies["payment.pending"]["version"] == 1
    assert bodies["payment.succeeded"]["version"] == 2


GOOD = b'{"reference":"r","amount":1,"currency":"UGX","method":"mobile_money","phone":"+256772123456"}'


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"{",
        b"\xff\xfe",
        b"[" * 30_000,
        GOOD[:-1] + b',"extra":1}',
        GOOD[:-1] + b',"amount":2}',
        GOOD[:-1] + b',"metadata":{"a":"1","a":"2"}}',
        GOOD[:-1] + b',"metadata":{"a":1}}',
        GOOD[:-1] + b',"description":"a\\u0000b"}',
        GOOD[:-1] + b',"description":"\\ud800"}',
        GOOD[:-1] + b',"description":"\\udc00"}',
        GOOD.replace(b":1,", b":0,"),
        GOOD.replace(b":1,", b":-5,"),
        GOOD.replace(b":1,", b":1.5,"),
        GOOD.replace(b":1,", b":1e3,"),
        GOOD.replace(b":1,", b":true,"),
        GOOD.replace(b":1,", b':"1",'),
        GOOD.replace(b":1,", b":1000000000000001,"),
        GOOD.replace(b":1,", b":" + b"9" * 5_000 + b","),
        GOOD.replace(b"UGX", b"ugx"),
        GOOD.replace(b'"r"', b'"' + b"r" * 65 + b'"'),
        GOOD.replace(b"+256772123456", b"0772123456"),
        GOOD.replace(b"mobile_money", b"cheque"),
    ],
)
def test_a_body_that_is_not_exactly_a_payment_is_refused(body: bytes) -> None:
    with pytest.raises(ApiError) as refusal:
        decode(body, PaymentRequest)
    assert refusal.value.status == 400


def test_a_refusal_names_the_field() -> None:
    with pytest.raises(ApiError) as refusal:
        decode(GOOD.replace(b":1,", b":0,"), PaymentRequest)
    assert refusal.value.param == "amount"


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, {"number": "number_missing", "expiry": "expiry_missing", "cvc": "cvc_missing"}),
        ({"number": "4242-4242 4242 4242", "expiry": "12/2030", "cvc": "123"}, {}),
        ({"number": "4242 4242 4242 4242", "expiry": "1230", "cvc": "123"}, {}),
        ({"number": "378282246310005", "expiry": "12 / 30", "cvc": "123"}, {"cvc": "cvc_invalid_4"}),
        ({"number": "4242424242424242", "expiry": "13/30", "cvc": "123"}, {"expiry": "expiry_invalid"}),
        ({"number": "4242424242424242", "expiry": "12/20", "cvc": "123"}, {"expiry": "expiry_past"}),
        (
            {"number": "x" * 9_999, "expiry": "\x00", "cvc": "٣٣٣"},
            {"number": "number_invalid", "expiry": "expiry_invalid", "cvc": "cvc_invalid"},
        ),
    ],
)
def test_a_form_is_read_as_people_type_it(fields: dict[str, str], errors: dict[str, str]) -> None:
    assert read_card_form(fields, now_ms=NOW_MS).errors == errors


def test_both_languages_say_the_same_things() -> None:
    assert TEXTS["en"].keys() == TEXTS["fr"].keys()
    for key, english in TEXTS["en"].items():
        names = [
            {name for _, name, _, _ in string.Formatter().parse(text) if name} for text in (english, TEXTS["fr"][key])
        ]
        assert names[0] == names[1]


@pytest.mark.parametrize(
    ("asked", "accepted", "locale"),
    [
        (None, None, "en"),
        ("fr", "en", "fr"),
        ("xx", "fr-CI,fr;q=0.9,en;q=0.8", "fr"),
        (None, "sw, en;q=0.5, fr;q=0.7", "fr"),
        (None, "fr;q=0, en", "en"),
        (None, ";;;,q=,\x00", "en"),
    ],
)
def test_the_language_is_the_asked_one_else_the_browsers(asked: str | None, accepted: str | None, locale: str) -> None:
    assert choose_locale(asked, accepted) == locale


def test_moments_are_written_to_the_millisecond() -> None:
    assert rfc3339(1_700_000_000_007) == "2023-11-14T22:13:20.007Z"


@pytest.mark.parametrize("missing", ["PORT", "DATA", "URL", "PLATFORM_KEY", "CONTROL_KEY"])
def test_a_missing_setting_is_named(missing: str) -> None:
    environ = {
        "PAYLINKS_SANDBOX_PORT": "1",
        "PAYLINKS_SANDBOX_DATA": "d",
        "PAYLINKS_SANDBOX_URL": "http://x",
        "PAYLINKS_SANDBOX_PLATFORM_KEY": "k" * 20,
        "PAYLINKS_SANDBOX_CONTROL_KEY": "k" * 20,
    }
    assert load_settings(environ).approve_after_ms == 1_000
    del environ[f"PAYLINKS_SANDBOX_{missing}"]
    with pytest.raises(SettingsError, match=missing):
        load_settings(environ)


def test_a_payment_survives_being_written_down() -> None:
    assert msgspec.json.decode(msgspec.json.encode(PAYMENT), type=Payment) == PAYMENT
