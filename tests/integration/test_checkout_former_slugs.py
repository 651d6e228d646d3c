"""The address that a link had before: its page leads on, everything else works as at the present one."""

# ruff: noqa: F811 - pytest hands fixtures over by the name of a parameter

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from shared.contracts.links import LinkUpdated, LinkView
from shared.kernel.ids import new_id
from tests.support.checkout import Rig, a_link, eventually, rig  # noqa: F401 - a fixture


async def a_moved_link(rig: Rig, before: str, after: str, **over: Any) -> LinkView:
    """Known to checkout at `after` alone; links finds it at both."""
    link = rig.links.add(a_link(after, **over))
    rig.links.links[before] = link
    await rig.links.tell_created(link)

    async def known() -> bool:
        return (await rig.http.get(f"/v1/checkout/{after}")).status_code in {200, 401, 410}

    await eventually(known)
    return link


@pytest.mark.parametrize("root", ["/checkout", "/collections/generation/pay"])
async def test_the_page_leads_on_with_its_query_and_may_not_be_kept(rig: Rig, root: str) -> None:
    name = "tea" if root == "/checkout" else "chai"
    await a_moved_link(rig, name, f"{name}-now")
    for query in ("", "?lang=fr&currency=USD&x=%0d%0aX-Bad:%201"):
        answer = await rig.http.get(f"{root}/{name}{query}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/checkout/{name}-now{query}")
        assert answer.headers["cache-control"] == "no-store"
    there = await rig.http.get(f"/checkout/{name}", follow_redirects=True)
    assert (there.status_code, there.url.path) == (200, f"/checkout/{name}-now")


async def test_json_answers_the_link_with_the_slug_that_it_has(rig: Rig) -> None:
    await a_moved_link(rig, "json", "json-now")
    old, new = await rig.http.get("/v1/checkout/json"), await rig.http.get("/v1/checkout/json-now")
    assert (old.status_code, old.json()) == (200, new.json())
    assert old.json()["slug"] == "json-now"


async def test_sessions_are_opened_and_paid_at_the_old_address(rig: Rig) -> None:
    link = await a_moved_link(rig, "pay", "pay-now")
    headers = {"Idempotency-Key": "once", "Client-Nonce": "a-browser-of-somebody"}
    first = await rig.http.post("/v1/checkout/pay/sessions", json={}, headers=headers)
    again = await rig.http.post("/v1/checkout/pay/sessions", json={}, headers=headers)
    assert (first.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert (await rig.http.post("/v1/checkout/pay-gone/sessions", json={})).status_code == 404
    form = {"attempt": f"attempt-{new_id()}", "method": "card", "card_token": "tok_visa"}
    sent = await rig.http.post("/checkout/pay", data=form)
    assert sent.status_code == 303, sent.text
    assert sent.headers["location"].startswith("/checkout/sessions/")
    cookie = next(line for line in sent.headers.get_list("set-cookie") if line.startswith("paylinks_paid_"))
    assert f"Path=/checkout/{link.slug};" in cookie + ";"
    twice = await rig.http.post("/checkout/pay", data=form)
    assert twice.headers["location"] == sent.headers["location"]


async def test_a_link_that_has_ended_says_so_at_its_old_address(rig: Rig) -> None:
    ended = {"ended_at": datetime(2026, 1, 2, tzinfo=UTC), "ended_as": "deleted"}
    await a_moved_link(rig, "over", "over-now", **ended)
    assert (await rig.http.get("/v1/checkout/over")).status_code == 410
    assert (await rig.http.get("/checkout/over")).status_code == 410
    assert (await rig.http.post("/v1/checkout/over/sessions", json={})).status_code == 410


async def test_the_gate_stands_at_the_present_address(rig: Rig) -> None:
    await a_moved_link(rig, "gated", "gated-now", gate_otp=True)
    answer = await rig.http.get("/checkout/gated")
    assert (answer.status_code, answer.headers["location"]) == (303, "/checkout/gated-now")
    assert (await rig.http.get("/v1/checkout/gated")).status_code == 401


async def test_who_paid_at_the_old_address_a_moment_ago_is_told_there(rig: Rig) -> None:
    link = a_link("paid")
    await rig.links.tell_created(link)
    rig.links.add(link)
    form = {"attempt": f"attempt-{new_id()}", "method": "card", "card_token": "tok_visa"}
    sent = await rig.http.post("/checkout/paid", data=form)
    assert sent.status_code == 303, sent.text
    cookie = next(line for line in sent.headers.get_list("set-cookie") if line.startswith("paylinks_paid_"))
    rig.http.cookies.clear()
    renamed = msgspec.structs.replace(link, slug="paid-now", revision=2)
    rig.links.add(renamed)
    rig.links.links["paid"] = renamed
    await rig.links.tell(LinkUpdated(org_id=link.org_id, link_id=link.id, link=renamed))

    async def leads_on() -> bool:
        return (await rig.http.get("/checkout/paid")).status_code == 303

    await eventually(leads_on)
    told = await rig.http.get("/checkout/paid", headers={"cookie": cookie.partition(";")[0]})
    assert told.status_code == 200
    assert 'name="pay_again"' in told.text


async def test_a_crowd_before_an_old_address_does_not_ask_links_each_time(rig: Rig) -> None:
    await a_moved_link(rig, "crowd", "crowd-now")
    assert (await rig.http.get("/checkout/crowd")).status_code == 303
    rig.links.silent = True
    try:
        assert (await rig.http.get("/checkout/crowd")).status_code == 303
        assert (await rig.http.get("/checkout/crowd-now")).status_code == 200
        await asyncio.sleep(1.1)
        assert (await rig.http.get("/checkout/crowd")).status_code == 503
    finally:
        rig.links.silent = False
    assert (await rig.http.get("/checkout/crowd")).status_code == 303


async def test_an_address_that_another_link_took_shows_that_one(rig: Rig) -> None:
    await a_moved_link(rig, "swap", "swap-now")
    assert (await rig.http.get("/checkout/swap")).status_code == 303
    taker = rig.links.add(a_link("swap", title="Another one"))
    await rig.links.tell_created(taker)

    async def shows() -> bool:
        return "Another one" in (await rig.http.get("/checkout/swap")).text

    await eventually(shows, seconds=3)
