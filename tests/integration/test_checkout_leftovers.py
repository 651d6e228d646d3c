"""Exact retry times, prompts that are called off, keys of strangers, pages by id, and sessions opened over the bus."""

# ruff: noqa: F811 - pytest hands fixtures over by the name of a parameter

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest

from shared.contracts import subjects
from shared.contracts.checkout import CustomerView, OpenCheckoutSession, OpenSessionReply, SessionIsOpen, SessionRefused
from shared.contracts.links import PlanView, ProductView, UsesView
from shared.kernel.ids import new_id
from shared.kernel.moment import to_wire
from shared.kernel.money import Money
from tests.support.checkout import Rig, a_link, bearer, eventually, rig  # noqa: F401 - a fixture

STAYS_PENDING = "+256772000004"


async def test_when_every_use_is_held_the_retry_time_is_the_one_that_links_knows(rig: Rig) -> None:
    rig.links.add(a_link("exactly", uses_max=1, uses=UsesView(used=0, held=1, version=1)))
    rig.links.held_until = free_at = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=7)
    try:
        answer = await rig.http.post("/v1/checkout/exactly/sessions", json={})
        page = await rig.http.get("/checkout/exactly")
    finally:
        rig.links.held_until = None
    assert (answer.status_code, answer.json()["retry_at"]) == (409, to_wire(free_at))
    assert page.status_code == 409
    assert all(400 < int(one.headers["retry-after"]) <= 421 for one in (answer, page))


async def test_a_link_that_never_changed_waits_since_it_was_made(rig: Rig) -> None:
    made, starts = datetime(2026, 1, 2, tzinfo=UTC), datetime.now(UTC) + timedelta(days=1)
    rig.links.add(a_link("waits", starts_at=starts, created_at=made))
    rig.links.add(a_link("was-put-off", starts_at=starts, created_at=made, revision=2))
    assert (await rig.http.get("/v1/checkout/waits")).json()["since"] == to_wire(made)
    assert "since" not in (await rig.http.get("/v1/checkout/was-put-off")).json()


async def test_a_link_that_is_used_up_says_since_when_though_nobody_told_us(rig: Rig) -> None:
    used_up = a_link("dated", uses_max=1, uses=UsesView(used=1, held=0, version=3))
    await rig.links.tell_created(used_up)
    since = datetime(2026, 5, 6, tzinfo=UTC)
    rig.links.add(msgspec.structs.replace(used_up, exhausted_at=since))

    async def dated() -> bool:
        answer = await rig.http.get("/v1/checkout/dated")
        return answer.status_code == 410 and answer.json()["since"] == to_wire(since)

    await eventually(dated)


async def test_a_prompt_is_called_off_before_the_next_one_and_only_one_is_paid(rig: Rig) -> None:
    rig.links.add(a_link("wrong-number"))
    session = await rig.open("wrong-number")
    await rig.pay(session, method="mobile_money", phone=STAYS_PENDING)
    path = f"/v1/checkout/sessions/{session['id']}/call-off"
    answer = await rig.http.post(path, headers=bearer(session))
    assert (answer.status_code, answer.json()["status"]) == (200, "open"), answer.text
    assert answer.json()["charge"]["status"] == "expired"
    again = await rig.http.post(path, headers=bearer(session))
    assert (again.status_code, again.json()["status"]) == (200, "open")
    await rig.pay(session)
    await rig.until(session, "paid")
    assert sorted(one["status"] for one in await rig.payments(session)) == ["failed", "succeeded"]
    assert sum(one["captured"] for one in await rig.payments(session)) == 1
    assert (await rig.http.post(path)).status_code == 401


async def test_who_approved_before_the_prompt_was_called_off_has_paid(rig: Rig) -> None:
    rig.links.add(a_link("just-approved"))
    session = await rig.open("just-approved")
    await rig.pay(session, method="mobile_money", phone=STAYS_PENDING)
    await rig.faults(callbacks="drop")
    try:
        (payment,) = await rig.payments(session)
        (await rig.control.post(f"/control/payments/{payment['id']}/succeed")).raise_for_status()
        answer = await rig.http.post(f"/v1/checkout/sessions/{session['id']}/call-off", headers=bearer(session))
    finally:
        await rig.faults(callbacks="deliver")
    assert (answer.status_code, answer.json()["status"]) == (200, "paid")


async def test_calling_off_works_without_a_script(rig: Rig) -> None:
    rig.links.add(a_link("no-script"))
    session = await rig.open("no-script")
    await rig.pay(session, method="mobile_money", phone=STAYS_PENDING)
    path, cookie = f"/checkout/sessions/{session['id']}", {"cookie": f"paylinks_session={session['token']}"}
    waiting = (await rig.http.get(path, headers=cookie)).text
    assert f'href="{path}/call-off"' in waiting
    asks = (await rig.http.get(f"{path}/call-off", headers=cookie)).text
    assert f'<form method="post" action="{path}/call-off">' in asks
    assert 'http-equiv="refresh"' not in asks
    answer = await rig.http.post(f"{path}/call-off", headers=cookie)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?choose=1")
    assert 'name="mobile_phone"' in (await rig.http.get(f"{path}?choose=1", headers=cookie)).text
    assert (await rig.http.get(f"{path}/call-off")).status_code == 403


async def test_without_the_provider_a_prompt_stays_and_no_other_begins(rig: Rig) -> None:
    rig.links.add(a_link("provider-away"))
    session = await rig.open("provider-away")
    await rig.pay(session, method="mobile_money", phone=STAYS_PENDING)
    await rig.sandbox.stop()
    try:
        answer = await rig.http.post(f"/v1/checkout/sessions/{session['id']}/call-off", headers=bearer(session))
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        assert (await rig.read(session))["status"] == "paying"
    finally:
        await rig.sandbox.start()


async def test_a_strangers_same_key_and_body_gets_a_session_of_its_own(rig: Rig) -> None:
    rig.links.add(a_link("strangers"))

    async def opened(nonce: str | None, body: dict[str, Any]) -> httpx.Response:
        headers = {"idempotency-key": "order-1"} | ({"client-nonce": nonce} if nonce else {})
        return await rig.http.post("/v1/checkout/strangers/sessions", json=body, headers=headers)

    mine, again, stranger = [await opened(nonce, {}) for nonce in ("a" * 16, "a" * 16, "b" * 16)]
    assert mine.content == again.content
    assert stranger.status_code == 201
    assert "idempotent-replayed" not in stranger.headers
    assert mine.json()["id"] != stranger.json()["id"]
    assert mine.json()["token"] not in stranger.text
    assert (await opened("a" * 16, {"customer": {"name": "Amina"}})).status_code == 422
    assert (await opened("short", {})).status_code == 400
    nameless = await opened(None, {})
    assert nameless.json()["id"] not in {mine.json()["id"], stranger.json()["id"]}


@pytest.mark.parametrize("providers", [(), ("WAVE", "ORANGE")])
async def test_a_live_link_that_nobody_can_take_says_so(rig: Rig, providers: tuple[str, ...]) -> None:
    slug = f"live-{len(providers)}"
    rig.links.add(a_link(slug, livemode=True, providers=providers))
    problem = await rig.http.get(f"/v1/checkout/{slug}")
    page = await rig.http.get(f"/checkout/{slug}")
    assert (problem.status_code, problem.json()["code"]) == (409, "provider_not_connected")
    assert problem.json()["providers"] == list(providers)
    assert (page.status_code, "This link cannot be paid yet" in page.text) == (409, True)
    assert all(name in page.text for name in providers)


async def test_in_test_mode_the_sandbox_stands_in_for_every_provider(rig: Rig) -> None:
    rig.links.add(a_link("stands-in", providers=("WAVE",)))
    assert (await rig.open("stands-in"))["status"] == "open"


async def test_a_link_has_its_page_at_the_addresses_of_the_dialects(rig: Rig) -> None:
    instant = rig.links.add(a_link("by-id"))
    product = rig.links.add(a_link("a-product", pricing=ProductView(new_id(), "Basket", Money(5_000, "UGX"))))
    plan = rig.links.add(a_link("a-plan", pricing=PlanView(new_id(), "Club", Money(10_000, "XOF"), "month")))
    for path, slug in (
        ("/collections/generation/pay/by-id", "by-id"),
        (f"/core/instant/{instant.id}", "by-id"),
        (f"/core/product/{product.id}", "a-product"),
        (f"/core/plan/{plan.id}", "a-plan"),
    ):
        page = await rig.http.get(path)
        assert page.status_code == 200, path
        assert f'action="/checkout/{slug}"' in page.text
    rig.links.silent = True
    try:
        await asyncio.sleep(1.1)
        assert (await rig.http.get(f"/core/instant/{instant.id}")).status_code == 200
    finally:
        rig.links.silent = False


async def test_what_is_not_there_has_a_page_that_says_so(rig: Rig) -> None:
    link = rig.links.add(a_link("wrong-kind"))
    for path in (
        f"/core/plan/{link.id}",
        f"/core/other/{link.id}",
        f"/core/instant/{new_id()}",
        "/core/instant/nonsense",
        "/collections/generation/pay/nobody-made-this",
    ):
        answer = await rig.http.get(path, headers={"accept": "text/html"})
        assert (answer.status_code, "We cannot find this page" in answer.text) == (404, True), path


async def ask(rig: Rig, **fields: Any) -> Any:
    body = msgspec.json.encode(OpenCheckoutSession(**fields))
    message = await rig.client.request(subjects.SESSION_OPEN, body, timeout=5)
    return msgspec.json.decode(message.data, type=OpenSessionReply)


async def test_a_peer_opens_a_session_that_redirects_where_the_peer_says(rig: Rig) -> None:
    link = rig.links.add(a_link("for-peer", success_url="https://merchant.example/own"))
    fields = {
        "link_id": link.id,
        "customer": CustomerView(email="amina@example.com"),
        "success_url": "https://shop.example/thanks",
        "cancel_url": "https://shop.example/cart",
        "locale": "fr",
        "idempotency_key": "start-1",
    }
    opened = await ask(rig, **fields)
    assert isinstance(opened, SessionIsOpen)
    assert opened.token in opened.url
    shown = await rig.read({"id": str(opened.session_id), "token": opened.token})
    assert shown["link"]["success_url"] == "https://shop.example/thanks"
    assert shown["link"]["cancel_url"] == "https://shop.example/cart"
    assert (shown["locale"], shown["customer"]["email"]) == ("fr", "amina@example.com")
    again = await ask(rig, **fields)
    assert again == opened
    other = await ask(rig, **fields | {"locale": "en"})
    assert (isinstance(other, SessionRefused), other.code) == (True, "idempotency_mismatch")
    own = await ask(rig, slug="for-peer")
    shown = await rig.read({"id": str(own.session_id), "token": own.token})
    assert shown["link"]["success_url"] == "https://merchant.example/own"


async def test_a_peer_is_told_why_a_session_is_refused(rig: Rig) -> None:
    past = datetime(2026, 1, 2, tzinfo=UTC)
    rig.links.add(a_link("peer-paused", paused_at=past))
    rig.links.add(a_link("peer-fixed"))
    paused = await ask(rig, slug="peer-paused")
    assert (paused.code, paused.reason, paused.since) == ("link_paused", "paused", past)
    for fields, code in (
        ({"slug": "nobody-made-this"}, "link_not_found"),
        ({"link_id": new_id()}, "link_not_found"),
        ({}, "invalid"),
        ({"slug": "peer-fixed", "currency": "USD"}, "invalid"),
        ({"slug": "peer-fixed", "coupon_code": "X"}, "coupon_refused"),
    ):
        refused = await ask(rig, **fields)
        assert (isinstance(refused, SessionRefused), refused.code) == (True, code), fields


async def events(answer: httpx.Response) -> AsyncIterator[dict[str, Any]]:
    async for line in answer.aiter_lines():
        if line.startswith("data: "):
            yield msgspec.json.decode(line.removeprefix("data: "))


async def test_a_stream_at_one_replica_tells_what_a_callback_changed_at_the_other(rig: Rig) -> None:
    """Callbacks go to PAYLINKS_PUBLIC_URL, which is the first replica."""
    other = await rig.replica()
    rig.links.add(a_link("replicas"))
    session = await rig.open("replicas")
    await rig.pay(session, method="mobile_money", phone=STAYS_PENDING)
    (payment,) = await rig.payments(session)
    path = f"/v1/checkout/sessions/{session['id']}/events"
    async with asyncio.timeout(10), other.stream("GET", path, headers=bearer(session)) as answer:
        seen = events(answer)
        assert (await anext(seen))["status"] == "paying"
        await asyncio.sleep(0.5)  # the second replica has subscribed by now: it does so for its first listener
        began = asyncio.get_running_loop().time()
        (await rig.control.post(f"/control/payments/{payment['id']}/succeed")).raise_for_status()
        with contextlib.suppress(StopAsyncIteration):
            while (told := await anext(seen))["status"] != "paid":
                pass
        took = asyncio.get_running_loop().time() - began
    assert told["status"] == "paid"
    # A look at the database every five seconds would find it too: the news came over the bus.
    assert took < 3
    assert await rig.pg.fetchval("SELECT count(*) FROM callback WHERE verdict = 'accepted'") >= 1
