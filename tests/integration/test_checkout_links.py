"""Looking at links and opening sessions: checkout's own projection, refusals, idempotency, bounds."""

# ruff: noqa: F811 - pytest hands fixtures over by the name of a parameter

import asyncio
import json
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from shared.contracts.links import (
    BrandingView,
    CollectView,
    FlexibleView,
    LinkPaused,
    MerchantView,
    OpenView,
    OrganizationUpdated,
    UseSettled,
    UsesView,
)
from shared.kernel.ids import new_id
from tests.support.checkout import Rig, a_link, eventually, rig  # noqa: F401 - a fixture

PAST = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


async def answered(rig: Rig, slug: str, status: int, *, seconds: float = 5) -> dict[str, Any]:
    """The link's JSON once it is answered with this status."""

    async def shown() -> bool:
        return (await rig.http.get(f"/v1/checkout/{slug}")).status_code == status

    await eventually(shown, seconds=seconds)
    return (await rig.http.get(f"/v1/checkout/{slug}")).json()


async def test_a_link_made_a_moment_ago_is_there_at_once_and_then_without_links(rig: Rig) -> None:
    rig.links.add(a_link("brand-new"))
    first = await rig.http.get("/v1/checkout/brand-new")
    assert (first.status_code, first.json()["total"]) == (200, {"amount_minor": 50_000, "currency": "UGX"})
    rig.links.silent = True
    try:
        await asyncio.sleep(1.1)
        assert (await rig.http.get("/v1/checkout/brand-new")).json() == first.json()
    finally:
        rig.links.silent = False


async def test_links_come_by_the_bus_and_never_go_back_to_an_older_revision(rig: Rig) -> None:
    link = a_link("by-bus")
    newer = msgspec.structs.replace(link, revision=3, title="Newer")
    await rig.links.tell_created(newer)
    assert (await answered(rig, "by-bus", 200))["title"] == "Newer"
    await rig.links.tell_created(link)
    await rig.links.tell_created(a_link("by-bus-after"))
    await answered(rig, "by-bus-after", 200)
    assert (await answered(rig, "by-bus", 200))["title"] == "Newer"


async def test_counters_that_come_before_their_link_are_not_lost(rig: Rig) -> None:
    link = a_link("counters-first", uses_max=1)
    settled = UseSettled(
        org_id=link.org_id,
        link_id=link.id,
        session_id=new_id(),
        charge_id=new_id(),
        uses=UsesView(used=1, held=0, version=2),
        uses_max=1,
    )
    await rig.links.tell(settled)
    await rig.links.tell_created(link)
    refused = await answered(rig, "counters-first", 410)
    assert (refused["code"], refused["reason"]) == ("link_exhausted", "exhausted")
    assert refused["since"]


async def test_a_pause_is_seen_at_once_though_answers_are_kept(rig: Rig) -> None:
    link = a_link("pausing")
    await rig.links.tell_created(link)
    await answered(rig, "pausing", 200)
    paused = msgspec.structs.replace(link, revision=2, paused_at=PAST)
    await rig.links.tell(LinkPaused(org_id=link.org_id, link_id=link.id, link=paused))
    refused = await answered(rig, "pausing", 410, seconds=0.9)
    assert (refused["code"], refused["since"]) == ("link_paused", "2026-01-02T03:04:05.000Z")


async def test_new_branding_reaches_all_links_of_an_organization_and_spares_what_a_link_says_itself(rig: Rig) -> None:
    plain = a_link("plain-brand", merchant_revision=1, branding=BrandingView())
    own = a_link(
        "own-brand",
        org_id=plain.org_id,
        merchant=MerchantView(name="Kampala Coffee", color="#123456"),
        merchant_revision=1,
        branding=BrandingView(color="#123456"),
    )
    other = a_link("other-brand", merchant_revision=1, branding=BrandingView())
    for link in (plain, own, other):
        await rig.links.tell_created(link)
    new = MerchantView(name="Kigali Coffee", color="#ffffff", support_email="hi@kigali.example")
    for revision, merchant in ((3, new), (2, MerchantView(name="Stale"))):
        fact = OrganizationUpdated(org_id=plain.org_id, name=merchant.name, merchant=merchant, revision=revision)
        await rig.links.tell(fact)
    # A link that was written by somebody who did not know the newest merchant yet, and one that knows a newer one.
    await rig.links.tell_created(
        a_link("late-brand", org_id=plain.org_id, merchant_revision=2, branding=BrandingView())
    )
    await rig.links.tell_created(
        a_link("next-brand", org_id=plain.org_id, merchant_revision=4, branding=BrandingView())
    )
    await answered(rig, "next-brand", 200)

    async def shown(slug: str) -> tuple[str, str | None]:
        merchant = (await rig.http.get(f"/v1/checkout/{slug}")).json()["merchant"]
        return merchant["name"], merchant["color"]

    await eventually(lambda: _is(shown("plain-brand"), ("Kigali Coffee", "#ffffff")))
    await eventually(lambda: _is(shown("own-brand"), ("Kigali Coffee", "#123456")))
    await eventually(lambda: _is(shown("late-brand"), ("Kigali Coffee", "#ffffff")))
    assert await shown("other-brand") == ("Kampala Coffee", None)
    assert await shown("next-brand") == ("Kampala Coffee", None)


async def _is(asked: Awaitable[object], wanted: object) -> bool:
    return await asked == wanted


@pytest.mark.parametrize(
    ("reason", "over"),
    [
        ("expired", {"expires_at": PAST}),
        ("not_started", {"starts_at": datetime.now(UTC) + timedelta(days=1)}),
        ("paused", {"paused_at": PAST}),
        ("archived", {"ended_at": PAST, "ended_as": "archived"}),
        ("revoked", {"ended_at": PAST, "ended_as": "revoked"}),
        ("deleted", {"ended_at": PAST, "ended_as": "deleted"}),
        ("exhausted", {"uses_max": 2, "uses": UsesView(used=2, held=0, version=9), "exhausted_at": PAST}),
    ],
)
async def test_a_link_that_refuses_says_why_since_when_and_what_next(
    rig: Rig, reason: str, over: dict[str, Any]
) -> None:
    slug = f"no-{reason.replace('_', '-')}"
    rig.links.add(a_link(slug, **over))
    for answer in (
        await rig.http.get(f"/v1/checkout/{slug}"),
        await rig.http.post(f"/v1/checkout/{slug}/sessions", json={}),
    ):
        assert answer.status_code == 410
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.json()["code"], answer.json()["reason"]) == (f"link_{reason}", reason)
        assert answer.json()["next_step"]
        since = None if reason == "not_started" else "2026-01-02T03:04:05.000Z"
        assert answer.json().get("since") == since


@pytest.mark.parametrize("slug", ["nobody-made-this", "UPPER", "a--%00", "-x", "x" * 65, "ünïcode"])
async def test_what_is_no_link_is_not_found(rig: Rig, slug: str) -> None:
    for answer in (
        await rig.http.get(f"/v1/checkout/{slug}"),
        await rig.http.post(f"/v1/checkout/{slug}/sessions", json={}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "link_not_found")


async def test_when_every_use_is_held_page_and_api_say_when_to_try_again(rig: Rig) -> None:
    rig.links.add(a_link("all-held", uses_max=2, uses=UsesView(used=1, held=1, version=1)))
    for answer in (
        await rig.http.get("/v1/checkout/all-held"),
        await rig.http.post("/v1/checkout/all-held/sessions", json={}),
    ):
        assert answer.headers["content-type"] == "application/problem+json"
        assert (answer.status_code, answer.json()["code"]) == (409, "all_uses_held")
        assert datetime.fromisoformat(answer.json()["retry_at"]) > datetime.now(UTC)
        assert int(answer.headers["retry-after"]) > 0
    page = await rig.http.get("/checkout/all-held")
    assert (page.status_code, int(page.headers["retry-after"]) > 0) == (409, True)


async def test_whoever_may_not_open_a_link_is_not_told_that_its_uses_are_held(rig: Rig) -> None:
    rig.links.add(a_link("held-gate", uses_max=1, uses=UsesView(used=0, held=1, version=1), gate_otp=True))
    answer = await rig.http.get("/v1/checkout/held-gate")
    assert (answer.status_code, answer.json()["code"]) == (401, "otp_required")


async def test_a_use_that_was_just_released_is_sold_though_our_projection_lags(rig: Rig) -> None:
    stale = a_link("lagging", uses_max=1, uses=UsesView(used=0, held=1, version=1))
    await rig.links.tell_created(stale)
    await answered(rig, "lagging", 409)
    rig.links.add(msgspec.structs.replace(stale, uses=UsesView(used=0, held=0, version=2)))
    assert (await rig.http.get("/v1/checkout/lagging")).json()["uses_remaining"] == 1
    assert (await rig.open("lagging"))["status"] == "open"


async def test_the_same_key_and_body_opens_one_session(rig: Rig) -> None:
    rig.links.add(a_link("keyed"))
    body = {"customer": {"email": "amina@example.com"}}
    headers = {"idempotency-key": "order-1"}
    answers = await asyncio.gather(
        *(rig.http.post("/v1/checkout/keyed/sessions", json=body, headers=headers) for _ in range(8))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("idempotent-replayed" in answer.headers for answer in answers) == 7
    await rig.pay(answers[0].json(), method="card", card_token="tok_visa")
    replayed = await rig.http.post("/v1/checkout/keyed/sessions", json=body, headers=headers)
    assert replayed.content == answers[0].content
    other = await rig.http.post("/v1/checkout/keyed/sessions", json={}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert (
        await rig.pg.fetchval(
            "SELECT count(*) FROM idempotency WHERE position($1 IN convert_from(body, 'UTF8')) > 0",
            answers[0].json()["token"],
        )
        == 0
    )


@pytest.mark.parametrize(
    ("pricing", "body", "code"),
    [
        (FlexibleView("UGX", 1_000, 5_000), {}, "invalid"),
        (FlexibleView("UGX", 1_000, 5_000), {"amount_minor": 999}, "amount_out_of_bounds"),
        (FlexibleView("UGX", 1_000, 5_000), {"amount_minor": 5_001}, "amount_out_of_bounds"),
        (FlexibleView("UGX", 1_000, 5_000), {"amount_minor": 2_000, "currency": "USD"}, "invalid"),
        (OpenView(None), {"amount_minor": 2_000}, "invalid"),
        (OpenView(None), {"amount_minor": 2_000, "currency": "ZZZ"}, "unknown_currency"),
        (None, {"amount_minor": 1}, "invalid"),
        (None, {"amount_minor": 0}, "invalid"),
        (None, {"amount_minor": 2**70}, "invalid"),
        (None, {"amount_minor": 50_000.5}, "invalid"),
        (None, {"customer": {"email": "not an address"}}, "invalid"),
        (None, {"customer": {"email": "a@b.co\nbcc:x@y.zz"}}, "invalid"),
        (None, {"customer": {"name": "\x00"}}, "invalid"),
        (None, {"customer": {"name": "4242 4242 4242 4242"}}, "invalid"),
        (None, {"customer": {"unknown": "x"}}, "invalid"),
        (None, {"address": {"line1": "x", "city": "y", "country": "Uganda"}}, "invalid"),
        (None, [], "invalid"),
    ],
)
async def test_bad_details_are_refused_with_400(rig: Rig, pricing: Any, body: Any, code: str) -> None:
    slug = f"bounds-{new_id().hex}"
    rig.links.add(a_link(slug) if pricing is None else a_link(slug, pricing=pricing))
    answer = await rig.http.post(f"/v1/checkout/{slug}/sessions", content=json.dumps(body))
    assert (answer.status_code, answer.json()["code"]) == (400, code), answer.text


async def test_raw_nonsense_is_refused_with_400(rig: Rig) -> None:
    rig.links.add(a_link("nonsense"))
    for raw, field in {
        b"{": "",
        b"\xff\xfe": "",
        b"[" * 9_000: "",
        b'{"locale": "en", "locale": "fr"}': "locale",
        b'{"locale": "e\\u0000"}': "locale",
        b'{"customer": {"mail": "a@b.co"}}': "customer.mail",
    }.items():
        answer = await rig.http.post("/v1/checkout/nonsense/sessions", content=raw)
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "invalid", field), raw
    key = await rig.http.post("/v1/checkout/nonsense/sessions", json={}, headers={"idempotency-key": "k" * 256})
    assert (key.status_code, key.json()["field"]) == (400, "Idempotency-Key")


async def test_the_buyer_chooses_the_amount_of_a_flexible_link(rig: Rig) -> None:
    rig.links.add(a_link("tip", pricing=FlexibleView("USD", 100, None)))
    session = await rig.open("tip", amount_minor=1_999)
    assert session["total"] == {"amount_minor": 1_999, "currency": "USD"}
    assert (await rig.http.get("/v1/checkout/tip")).json()["total"] is None


async def test_what_the_link_requires_has_to_be_sent(rig: Rig) -> None:
    rig.links.add(a_link("strict", collect=CollectView(email="required")))
    answer = await rig.http.post("/v1/checkout/strict/sessions", json={"customer": {"name": "Amina"}})
    assert (answer.status_code, answer.json()["field"]) == (400, "customer.email")


async def test_a_live_link_waits_for_a_live_provider(rig: Rig) -> None:
    rig.links.add(a_link("live-mode", livemode=True))
    answer = await rig.http.post("/v1/checkout/live-mode/sessions", json={})
    assert (answer.status_code, answer.json()["code"]) == (409, "provider_not_connected")


async def test_a_session_keeps_the_link_as_the_buyer_saw_it(rig: Rig) -> None:
    link = rig.links.add(a_link("pinned"))
    session = await rig.open("pinned")
    await rig.links.tell_created(msgspec.structs.replace(link, revision=5, title="Changed"))
    await asyncio.sleep(0.3)
    assert (await rig.read(session))["link"]["title"] == "Invoice #123"


async def test_looking_creates_nothing(rig: Rig) -> None:
    rig.links.add(a_link("looked-at"))
    before = await rig.pg.fetchval("SELECT count(*) FROM session")
    for _ in range(5):
        await rig.http.get("/v1/checkout/looked-at")
    assert await rig.pg.fetchval("SELECT count(*) FROM session") == before
    assert rig.links.links["looked-at"].id not in rig.links.holds


async def test_a_form_that_is_too_large_or_unreadable_is_refused_with_a_page(rig: Rig) -> None:
    await rig.links.tell_created(a_link("odd-forms"))
    await answered(rig, "odd-forms", 200)
    form = {"content-type": "application/x-www-form-urlencoded"}
    for content, status in ((b"name=" + b"x" * 70_000, 413), (b"name=\xff", 400), (b"name=" + b"x" * 60_000, 422)):
        answer = await rig.http.post("/checkout/odd-forms", content=content, headers=form)
        assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")
        assert ("We cannot read what was sent" in answer.text) == (status != 422)
