"""Independent peers: Stripe's own library drives our simulator, and localstripe's callbacks reach our adapter."""

import asyncio
import os
import sys
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec
import pytest
import stripe as sdk

from deploy.local.probes import http_answers
from deploy.local.program import Program
from services.checkout.providers.port import Account, Ignored
from services.checkout.providers.stripe.adapter import Stripe
from services.checkout.providers.stripe.client import VERSION
from services.checkout.providers.stripe.events import SUBSCRIBED
from shared.kernel.ids import new_id
from shared.kernel.moment import utc_now
from tests.support.processes import Server, free_port
from tests.support.simulators import Receiver, Simulator

KEY = "sk_test_of_the_official_library"
CARD = {"number": "4242424242424242", "expiry": "12 / 30", "cvc": "123"}
Said = TypeVar("Said")


def params(**over: Any) -> dict[str, Any]:
    price = {"currency": "usd", "unit_amount": 1999, "product_data": {"name": "Invoice"}}
    return {
        "mode": "payment",
        "success_url": "https://shop.example/ok?session={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://shop.example/back",
        "client_reference_id": new_id().hex,
        "line_items": [{"quantity": 1, "price_data": price}],
        "metadata": {"colour": "blue"},
    } | over


def priced(currency: str, amount: int, **over: Any) -> dict[str, Any]:
    price = {"currency": currency, "unit_amount": amount, "product_data": {"name": "Invoice"}}
    return params(line_items=[{"quantity": 1, "price_data": price}], **over)


async def blocking(call: Callable[[], Said]) -> Said:
    return await asyncio.to_thread(call)


@pytest.fixture(scope="module")
async def simulator(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Simulator, None]:
    simulator = Simulator("stripe", tmp_path_factory.mktemp("stripe"), secret_key=KEY)
    await simulator.start()
    yield simulator
    await simulator.stop()


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver, None]:
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


@pytest.fixture(scope="module")
def client(simulator: Simulator) -> sdk.StripeClient:
    return sdk.StripeClient(KEY, base_addresses={"api": simulator.url}, max_network_retries=0)


def test_our_pinned_version_is_the_one_that_this_library_speaks() -> None:
    assert sdk.api_version == VERSION


async def test_the_official_library_takes_a_payment_and_verifies_what_it_is_told(
    simulator: Simulator, client: sdk.StripeClient, receiver: Receiver
) -> None:
    endpoint = await blocking(
        lambda: client.v1.webhook_endpoints.create({"url": receiver.url, "enabled_events": list(SUBSCRIBED)})
    )
    asked = params()
    session = await blocking(lambda: client.v1.checkout.sessions.create(asked))
    assert (session.object, session.status, session.payment_status) == ("checkout.session", "open", "unpaid")
    assert session.url is not None
    answer = await simulator.http.post(session.url, data=CARD)
    assert answer.headers["location"] == f"https://shop.example/ok?session={session.id}"
    paid = await blocking(
        lambda: client.v1.checkout.sessions.retrieve(session.id, {"expand": ["payment_intent.latest_charge"]})
    )
    assert (paid.status, paid.payment_status, paid.amount_total) == ("complete", "paid", 1999)
    assert isinstance(paid.payment_intent, sdk.PaymentIntent)
    intent = await blocking(lambda: client.v1.payment_intents.retrieve(paid.payment_intent.id))
    assert intent.status == "succeeded"
    refund = await blocking(lambda: client.v1.refunds.create({"payment_intent": intent.id, "amount": 500}))
    assert (refund.status, refund.amount) == ("succeeded", 500)
    listed = await blocking(lambda: client.v1.refunds.list({"payment_intent": intent.id}))
    assert [one.id for one in listed.data] == [refund.id]
    told = await receiver.until(3)
    events = [sdk.Webhook.construct_event(one.body, one.headers["stripe-signature"], endpoint.secret) for one in told]
    assert {event.type for event in events} == {"checkout.session.completed", "refund.created", "charge.refunded"}
    completed = next(event for event in events if event.type == "checkout.session.completed")
    assert completed.data.object["client_reference_id"] == asked["client_reference_id"]
    with pytest.raises(sdk.SignatureVerificationError):
        sdk.Webhook.construct_event(told[0].body, told[0].headers["stripe-signature"], "whsec_of_somebody_else")


async def test_the_official_library_meets_stripes_idempotency(client: sdk.StripeClient) -> None:
    asked, once = params(), {"idempotency_key": new_id().hex}
    first = await blocking(lambda: client.v1.checkout.sessions.create(asked, once))
    again = await blocking(lambda: client.v1.checkout.sessions.create(asked, once))
    assert first.id == again.id
    with pytest.raises(sdk.IdempotencyError):
        await blocking(lambda: client.v1.checkout.sessions.create(asked | {"mode": "payment", "metadata": {}}, once))


async def test_the_official_library_retries_as_stripe_wishes(simulator: Simulator) -> None:
    patient = sdk.StripeClient(KEY, base_addresses={"api": simulator.url}, max_network_retries=2)
    await simulator.faults(fail_requests=1, busy_requests=1)
    asked = params()
    await blocking(lambda: patient.v1.checkout.sessions.create(asked))
    assert len(await simulator.books(asked["client_reference_id"])) == 1


async def test_lists_are_pages_newest_first(client: sdk.StripeClient) -> None:
    made = [(await blocking(lambda: client.v1.checkout.sessions.create(params()))).id for _ in range(3)]
    page = await blocking(lambda: client.v1.checkout.sessions.list({"limit": 2}))
    assert [one.id for one in page.data] == made[:0:-1]
    assert page.has_more
    following = await blocking(
        lambda: client.v1.checkout.sessions.list({"limit": 1, "starting_after": page.data[-1].id})
    )
    assert [one.id for one in following.data] == [made[0]]
    expired = await blocking(lambda: client.v1.checkout.sessions.expire(made[0]))
    assert (expired.status, expired.url) == ("expired", None)
    found = await blocking(lambda: client.v1.checkout.sessions.list({"status": "expired"}))
    assert made[0] in [one.id for one in found.data]
    with pytest.raises(sdk.InvalidRequestError, match="Only Checkout Sessions with a status"):
        await blocking(lambda: client.v1.checkout.sessions.expire(made[0]))


@pytest.mark.parametrize(
    ("asked", "code", "param"),
    [
        (params(colour="blue"), "parameter_unknown", "colour"),
        (params(client_reference_id="x" * 201), None, "client_reference_id"),
        (params(mode="setup"), None, "mode"),
        (params(success_url="nowhere"), "url_invalid", "success_url"),
        (params(expires_at=1), None, "expires_at"),
        (params(customer_email="nobody"), "email_invalid", "customer_email"),
        (params(line_items=[{"quantity": 1}]), "parameter_missing", "line_items[0][price_data]"),
        (priced("usd", 1999) | {"expand": ["secrets"]}, None, "expand[0]"),
        (priced("usd", "1.5"), "parameter_invalid_integer", "line_items[0][price_data][unit_amount]"),  # type: ignore[arg-type]
        (priced("usd", 49), "amount_too_small", "line_items[0][price_data][unit_amount]"),
        (priced("ugx", 5_000_050), "invalid_amount", "line_items[0][price_data][unit_amount]"),
        (priced("kwd", 10_001), "invalid_amount", "line_items[0][price_data][unit_amount]"),
    ],
)
async def test_what_stripe_would_refuse_is_refused(
    client: sdk.StripeClient, asked: dict[str, Any], code: str | None, param: str
) -> None:
    with pytest.raises(sdk.InvalidRequestError) as refused:
        await blocking(lambda: client.v1.checkout.sessions.create(asked))
    assert (refused.value.code, refused.value.param) == (code, param)


async def test_who_has_no_key_gets_nothing(simulator: Simulator, client: sdk.StripeClient) -> None:
    stranger = sdk.StripeClient("sk_test_of_nobody_here", base_addresses={"api": simulator.url})
    with pytest.raises(sdk.AuthenticationError):
        await blocking(lambda: stranger.v1.checkout.sessions.create(params()))
    await simulator.control("PUT", "/accounts", {"secret_key": "sk_test_of_somebody_else"})
    other = sdk.StripeClient("sk_test_of_somebody_else", base_addresses={"api": simulator.url})
    session = await blocking(lambda: client.v1.checkout.sessions.create(params()))
    with pytest.raises(sdk.InvalidRequestError, match=r"No such checkout\.session"):
        await blocking(lambda: other.v1.checkout.sessions.retrieve(session.id))
    assert (await simulator.http.get("/control/payments")).status_code == 401
    assert (await simulator.http.post("/v1/checkout/sessions", json={}, auth=(KEY, ""))).status_code == 400


async def test_a_secret_that_is_being_changed_signs_beside_the_old_one(
    simulator: Simulator, client: sdk.StripeClient, receiver: Receiver
) -> None:
    secrets = ["whsec_the_old_one", "whsec_the_new_one"]
    account = {"secret_key": KEY, "webhook_url": receiver.url, "webhook_secrets": secrets}
    await simulator.control("PUT", "/accounts", account)
    session = await blocking(lambda: client.v1.checkout.sessions.create(params()))
    await blocking(lambda: client.v1.checkout.sessions.expire(session.id))
    (told,) = await receiver.until(1)
    adapter = Stripe(simulator.url, timeout_seconds=2)
    for secret in secrets:
        assert sdk.Webhook.construct_event(told.body, told.headers["stripe-signature"], secret)
        assert adapter.is_authentic(an_account(secret), told.headers, body=told.body, now=utc_now())
    assert not adapter.is_authentic(an_account("whsec_another"), told.headers, body=told.body, now=utc_now())
    await adapter.close()


async def test_localstripes_callbacks_pass_our_verification_and_the_official_one(
    receiver: Receiver, tmp_path: Path
) -> None:
    """A third party's Stripe. It has no Checkout Sessions, so what it tells concerns no payment of ours."""
    port = free_port()
    url, secret = f"http://127.0.0.1:{port}", "whsec_of_localstripe"
    program = Program(
        name="localstripe",
        command=[sys.executable, "-m", "localstripe", "--port", str(port), "--from-scratch"],
        environment={"TMPDIR": str(tmp_path), "PATH": os.environ["PATH"]},
        is_ready=lambda: http_answers(url),
    )
    server = Server(program, url=url, log=tmp_path / "log")
    await server.start()
    try:
        async with httpx.AsyncClient(base_url=url, trust_env=False, auth=("sk_test_12345", "")) as http:
            configured = {"url": receiver.url, "secret": secret, "events": None}
            assert (await http.post("/_config/webhooks/ours", json=configured)).is_success
            assert (await http.post("/v1/customers", data={"email": "buyer@example.com"})).is_success
            (told,) = await receiver.until(1)
    finally:
        await server.stop()
    adapter = Stripe(url, timeout_seconds=2)
    signed = sdk.Webhook.construct_event(told.body, told.headers["stripe-signature"], secret)
    at = datetime.fromtimestamp(signed.created, UTC)
    assert adapter.is_authentic(an_account(secret), told.headers, body=told.body, now=at)
    assert not adapter.is_authentic(an_account(secret), told.headers, body=told.body + b" ", now=at)
    assert adapter.read("org", told.body) == Ignored(signed.id)
    await adapter.close()


def an_account(secret: str) -> Account:
    account = Account(
        id=new_id(), org_id=new_id(), provider="stripe", livemode=False, external_id="org", credentials={}
    )
    return msgspec.structs.replace(account, credentials={"secret_key": KEY, "webhook_secret": secret})
