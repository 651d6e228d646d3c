"""What is signed, what is said, and when it is said again."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from standardwebhooks import Webhook

from services.notify.domain.webhook_attempt import RETRY_SECONDS, Attempt, verdict
from services.notify.domain.webhook_endpoint import EVENT_NAMES, filters_for, let_through, should_give_up
from services.notify.domain.webhook_message import PAYLOAD_BYTES_MAX, Message, heading_of, message_of
from services.notify.webhooks.sender import seconds_of
from services.notify.webhooks.signing import new_secret, signed_headers
from shared.contracts.catalogue import EVENTS, TOLD_TO_MERCHANTS
from shared.contracts.envelope import Event, Received, type_of
from shared.contracts.links import CartItemView, CartView, LinkUpdated, LinkView, MerchantView, UsesView
from shared.kernel.ids import new_id
from shared.kernel.moment import utc_now
from shared.kernel.money import Money
from shared.runtime.bus_map import NOT_TOLD_BECAUSE
from shared.runtime.examples import example_of

NOW = datetime(2027, 3, 5, 11, 5, tzinfo=UTC)


def test_the_signature_is_that_of_the_published_vector() -> None:
    headers = signed_headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        b'{"test": 2432232314}',
        at=datetime.fromtimestamp(1614265330, UTC),
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_every_secret_is_new_long_enough_and_signs_what_anybody_can_recompute() -> None:
    keys = [new_secret(), new_secret()]
    assert keys[0] != keys[1]
    at, body = utc_now(), '{"a":"é"}'.encode()
    headers = signed_headers(keys, "msg_1", body, at=at)
    signatures = headers["webhook-signature"].split(" ")
    for key, signature in zip(keys, signatures, strict=True):
        raw = base64.b64decode(key.removeprefix("whsec_"))
        assert 24 <= len(raw) <= 64
        signed = f"msg_1.{headers['webhook-timestamp']}.".encode() + body
        assert signature == "v1," + base64.b64encode(hmac.digest(raw, signed, hashlib.sha256)).decode()
        Webhook(key).verify(body, headers)


@pytest.mark.parametrize("event", TOLD_TO_MERCHANTS, ids=EVENT_NAMES)
def test_every_event_of_the_catalogue_is_told_as_its_example_shows(event: type[Event]) -> None:
    example = example_of(event)
    message = told(msgspec.convert(example, event))
    payload = json.loads(message.payload)
    assert payload["type"] == f"{event.entity}.{event.fact}"
    assert {name: value for name, value in payload["data"].items() if name != "sequence"} == example
    assert len(message.payload) < PAYLOAD_BYTES_MAX


def test_what_merchants_are_not_told_stays_here() -> None:
    for event in set(EVENTS.values()) - set(TOLD_TO_MERCHANTS):
        assert heading_of(received(msgspec.convert(example_of(event), event))) is None


def test_what_merchants_are_not_told_has_a_reason_in_the_documents() -> None:
    assert set(NOT_TOLD_BECAUSE) == set(EVENTS.values()) - set(TOLD_TO_MERCHANTS)
    assert {filters_for(name)[1] for name in EVENT_NAMES} >= {"refund.*", "dispute.*", "provider_account.*"}


def test_no_event_says_anything_secret() -> None:
    for event in TOLD_TO_MERCHANTS:
        names = str(example_of(event))
        for word in ("secret", "private", "token", "otp_code", "password", "api_key"):
            assert word not in names, event


@pytest.mark.parametrize("items", [1, 60, 400])
def test_a_link_with_a_very_large_cart_is_told_without_what_makes_it_large(items: int) -> None:
    message = told(LinkUpdated(org_id=new_id(), link_id=new_id(), link=cart_of(items)))
    assert len(message.payload) < PAYLOAD_BYTES_MAX
    data = json.loads(message.payload)["data"]
    assert data["link"]["pricing"]["total"] == {"amount_minor": items * 100, "currency": "UGX"}
    assert ("left_out" in data) == (items > 1)


def test_filters_let_through_a_name_its_family_or_everything() -> None:
    assert filters_for("charge.succeeded") == ["*", "charge.*", "charge.succeeded"]
    assert let_through(["charge.*"], "charge.failed")
    assert not let_through(["charge.*", "link.created"], "link.updated")


def test_the_schedule_lasts_three_days_and_spreads_a_crowd() -> None:
    opened, now = NOW, NOW
    states = []
    for attempts in range(len(RETRY_SECONDS) + 1):
        decided = verdict(failed(500), attempts=attempts, opened_at=opened, now=now, jitter=0.5)
        states.append(decided.state)
        now = decided.due_at
    assert states == ["pending"] * len(RETRY_SECONDS) + ["failed"]
    assert timedelta(days=3) <= now - opened <= timedelta(days=3, hours=6)
    early = verdict(failed(500), attempts=3, opened_at=NOW, now=NOW, jitter=0.0).due_at
    late = verdict(failed(500), attempts=3, opened_at=NOW, now=NOW, jitter=1.0).due_at
    assert late - early == timedelta(seconds=RETRY_SECONDS[3] * 0.2)


@pytest.mark.parametrize("status", [100, 199, 300, 302, 400, 401, 404, 408, 429, 500, 503, None])
def test_only_2xx_is_success(status: int | None) -> None:
    assert verdict(failed(status), attempts=0, opened_at=NOW, now=NOW, jitter=0).state == "pending"


def test_gone_is_final_at_once() -> None:
    assert verdict(failed(410), attempts=0, opened_at=NOW, now=NOW, jitter=0).state == "failed"


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("Fri, 05 Mar 2027 11:06:00 GMT", 60),
        ("Fri, 05 Mar 2027 11:00:00 GMT", 0),
        ("999999999999999999999999", 999_999_999),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str, seconds: int) -> None:
    assert seconds_of(header, now=NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("header", [None, "", "soon", "-5", "1.5", "²", "Fri, 99 Mar 2027 99:00:00 GMT"])
def test_a_retry_after_that_says_nothing_is_ignored(header: str | None) -> None:
    assert seconds_of(header, now=NOW) is None


def test_two_failures_in_a_quiet_week_switch_nothing_off() -> None:
    assert not should_give_up(NOW - timedelta(days=9), 2, now=NOW, after=timedelta(days=5))
    assert not should_give_up(NOW - timedelta(days=4), 500, now=NOW, after=timedelta(days=5))
    assert should_give_up(NOW - timedelta(days=5), 10, now=NOW, after=timedelta(days=5))


def failed(status: int | None) -> Attempt:
    return Attempt(at=NOW, duration_ms=1, headers={}, status=status, error=None if status else "no answer")


def told(event: Event) -> Message:
    fact = received(event)
    heading = heading_of(fact)
    assert heading is not None
    return message_of(fact, heading)


def received(event: Event) -> Received:
    return Received(id=new_id(), type=type_of(type(event)), at=NOW, sequence=3, traceparent=None, event=event)


def cart_of(count: int) -> LinkView:
    items = tuple(
        CartItemView(name=f"Thing {n}", unit=Money(100, "UGX"), quantity=1, description="long " * 60)
        for n in range(count)
    )
    cart = CartView(items=items, total=Money(count * 100, "UGX"))
    return LinkView(
        id=new_id(),
        org_id=new_id(),
        slug="cart",
        title="Cart",
        description="about it " * 500 if count > 1 else None,
        pricing=CartView(items=items, total=cart.total, also=(cart,)),
        methods=("card",),
        merchant=MerchantView("Kampala Coffee"),
        livemode=False,
        revision=1,
        uses=UsesView(0, 0, 0),
    )
