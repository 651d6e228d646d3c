"""Who has a payment waiting is told before paying the same link another way: over plain HTTP, without a script."""

# ruff: noqa: F811 - pytest hands fixtures over by the name of a parameter

import re
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import msgspec
import pytest

from shared.contracts.links import LinkView, UseHeld, UsesView
from shared.kernel.ids import new_id
from tests.support.checkout import Rig, a_link, bearer, eventually, rig  # noqa: F401 - a fixture

TOLD, TICK = "A payment of yours for this link is waiting.", 'name="pay_again"'
CARD = {"method": "card", "card_token": "tok_visa"}
DECLINED = {"method": "card", "card_token": "tok_declined"}


@pytest.fixture
async def browser(rig: Rig) -> AsyncGenerator[httpx.AsyncClient, None]:
    async with httpx.AsyncClient(base_url=rig.url, timeout=30) as client:
        yield client


def by_phone(prefix: str) -> dict[str, str]:
    """A payer who waits until told; each test has a phone of its own, for a phone is asked once at a time."""
    return {"method": "mobile_money", "mobile_phone": f"+256{prefix}000004"}


async def post(browser: httpx.AsyncClient, slug: str, **form: str) -> httpx.Response:
    return await browser.post(f"/checkout/{slug}", data={"attempt": f"attempt-{new_id()}"} | form)


async def begin(browser: httpx.AsyncClient, slug: str, **form: str) -> str:
    """The path of the session in which the payment is under way, or over already."""
    sent = await post(browser, slug, **form)
    assert sent.status_code == 303, sent.text
    return sent.headers["location"]


def session_in(path: str) -> UUID:
    return UUID(path.rpartition("/")[2])


async def made(rig: Rig, link: LinkView) -> tuple[int, int]:
    """(sessions, charges)"""
    sessions = await rig.pg.fetchval("SELECT count(*) FROM session WHERE link_id = $1", link.id)
    return sessions, await rig.pg.fetchval("SELECT count(*) FROM charge WHERE link_id = $1", link.id)


async def decide(rig: Rig, path: str, outcome: str, **body: str) -> None:
    reference = await rig.pg.fetchval("SELECT reference FROM charge WHERE session_id = $1", session_in(path))
    found = await rig.control.get("/control/payments", params={"reference": reference})
    (payment,) = found.json()["data"]
    (await rig.control.post(f"/control/payments/{payment['id']}/{outcome}", json=body)).raise_for_status()


async def shows(browser: httpx.AsyncClient, path: str, text: str) -> None:
    async def seen() -> bool:
        return text in (await browser.get(path)).text

    await eventually(seen)


async def test_another_way_beside_a_prompt_is_refused_until_it_is_ticked(rig: Rig, browser: httpx.AsyncClient) -> None:
    link = rig.links.add(a_link("beside"))
    assert TICK not in (await browser.get("/checkout/beside")).text
    waiting = await begin(browser, "beside", **by_phone("772"))
    page = await browser.get("/checkout/beside")
    assert TOLD in page.text
    assert f'<a href="{waiting}">See how it stands</a>' in page.text
    assert "Approve on your phone" in (await browser.get(waiting)).text

    refused = await post(browser, "beside", **CARD)
    assert refused.status_code == 422
    assert "Tick the box if you want to pay once more all the same." in refused.text
    assert await made(rig, link) == (1, 1)
    assert TICK not in (await rig.http.get("/checkout/beside")).text, "another browser has nothing to be told"

    receipt = await begin(browser, "beside", **CARD, pay_again="on")
    assert receipt != waiting
    assert "Payment received" in (await browser.get(receipt)).text
    assert await made(rig, link) == (2, 2)


async def test_what_has_come_to_nothing_is_not_asked_about(rig: Rig, browser: httpx.AsyncClient) -> None:
    rig.links.add(a_link("nothing"))
    failing = await begin(browser, "nothing", **by_phone("773"))
    assert TOLD in (await browser.get("/checkout/nothing")).text
    await decide(rig, failing, "fail", failure_code="rejected_by_payer")
    await shows(browser, failing, "The payment was refused on the phone")
    assert TICK not in (await browser.get("/checkout/nothing")).text

    called_off = await begin(browser, "nothing", **by_phone("773"))
    assert (await browser.post(f"{called_off}/call-off")).status_code == 303
    assert TICK not in (await browser.get("/checkout/nothing")).text
    assert "Payment received" in (await browser.get(await begin(browser, "nothing", **CARD))).text


async def test_what_waited_and_is_paid_is_told_as_paid(rig: Rig, browser: httpx.AsyncClient) -> None:
    rig.links.add(a_link("then-paid"))
    path = await begin(browser, "then-paid", **by_phone("774"))
    await decide(rig, path, "succeed")
    await shows(browser, path, "Payment received")
    page = await browser.get("/checkout/then-paid")
    assert TOLD not in page.text
    assert f'<a href="{path}">See the receipt</a>' in page.text


async def test_what_took_long_is_told_until_its_receipt_was_seen(rig: Rig, browser: httpx.AsyncClient) -> None:
    rig.links.add(a_link("days"))
    path = await begin(browser, "days", **by_phone("788"))
    await decide(rig, path, "succeed")

    async def paid() -> bool:
        found = await rig.pg.fetchval("SELECT status FROM session WHERE id = $1", session_in(path))
        return found == "paid"

    await eventually(paid)
    waited = "UPDATE session SET created_at = created_at - $2::interval, paid_at = paid_at - $3::interval WHERE id = $1"
    await rig.pg.execute(waited, session_in(path), timedelta(0), timedelta(hours=6))
    assert TICK not in (await browser.get("/checkout/days")).text, (
        "paid at once, and long ago: whoever comes back means it"
    )
    await rig.pg.execute(waited, session_in(path), timedelta(days=2), timedelta(0))
    assert f'<a href="{path}">See the receipt</a>' in (await browser.get("/checkout/days")).text
    receipt = await browser.get(path)
    (cookie,) = [line for line in receipt.headers.get_list("set-cookie") if line.startswith("paylinks_paid_")]
    assert "max-age=600;" in f"{cookie.lower()};"


async def test_the_same_form_sent_twice_joins_what_waits_and_is_not_asked(rig: Rig, browser: httpx.AsyncClient) -> None:
    link = rig.links.add(a_link("sent-twice"))
    form = by_phone("775") | {"attempt": "attempt-sent-twice"}
    first = await begin(browser, "sent-twice", **form)
    assert await begin(browser, "sent-twice", **form) == first
    assert await made(rig, link) == (1, 1)
    other = await post(browser, "sent-twice", **form | {"mobile_phone": "+256776000004"})
    assert other.status_code == 422, "a second number is a second payment"
    assert await made(rig, link) == (1, 1)


async def test_a_later_try_that_failed_does_not_hide_what_still_waits(rig: Rig, browser: httpx.AsyncClient) -> None:
    rig.links.add(a_link("hidden"))
    waiting = await begin(browser, "hidden", **by_phone("777"))
    failed = await begin(browser, "hidden", **DECLINED, pay_again="on")
    assert "The payment was declined" in (await browser.get(failed)).text
    assert f'<a href="{waiting}">See how it stands</a>' in (await browser.get("/checkout/hidden")).text
    assert (await post(browser, "hidden", **CARD)).status_code == 422


async def test_a_session_that_began_elsewhere_is_told_once_its_page_pays(rig: Rig, browser: httpx.AsyncClient) -> None:
    rig.links.add(a_link("elsewhere"))
    session = await rig.open("elsewhere")
    path = (await browser.get(session["url"].replace(rig.url, ""))).headers["location"]
    await browser.get(path)
    assert TICK not in (await browser.get("/checkout/elsewhere")).text
    paid = await browser.post(path, data=by_phone("778"))
    assert paid.status_code == 303
    assert TOLD in (await browser.get("/checkout/elsewhere")).text


async def test_the_page_of_what_waits_remembers_it_too(rig: Rig, browser: httpx.AsyncClient) -> None:
    rig.links.add(a_link("looked-at"))
    session = await rig.open("looked-at")
    await rig.pay(session, method="mobile_money", phone=by_phone("779")["mobile_phone"])
    path = (await browser.get(session["url"].replace(rig.url, ""))).headers["location"]
    assert TICK not in (await browser.get("/checkout/looked-at")).text
    await browser.get(path)
    assert TOLD in (await browser.get("/checkout/looked-at")).text


async def test_whoever_holds_the_last_use_is_led_to_their_payment(rig: Rig, browser: httpx.AsyncClient) -> None:
    link = rig.links.add(a_link("last-use", uses_max=1))
    path = await begin(browser, "last-use", **by_phone("786"))
    held = UsesView(used=0, held=1, version=1)
    rig.links.add(msgspec.structs.replace(link, uses=held))
    until, session_id = datetime.now(UTC) + timedelta(minutes=5), session_in(path)
    await rig.links.tell(
        UseHeld(org_id=link.org_id, link_id=link.id, session_id=session_id, uses=held, uses_max=1, held_until=until)
    )

    async def others_wait() -> bool:
        return (await rig.http.get("/checkout/last-use")).status_code == 409

    await eventually(others_wait)
    led = await browser.get("/checkout/last-use")
    assert (led.status_code, led.headers["location"]) == (303, path)


async def test_the_cookie_is_for_this_link_and_opens_this_session_only(rig: Rig, browser: httpx.AsyncClient) -> None:
    rig.links.add(a_link("own"))
    rig.links.add(a_link("other"))
    sent = await post(browser, "own", **by_phone("787"))
    session_id = session_in(sent.headers["location"])
    (cookie,) = [line for line in sent.headers.get_list("set-cookie") if line.startswith("paylinks_paid_")]
    for part in (f"paylinks_paid_{session_id}=", "HttpOnly", "Max-Age=604800", "Path=/checkout/own", "SameSite=lax"):
        assert part.lower() in cookie.lower()
    token = re.findall(r"=([^;]+)", cookie)[0]

    async def page(slug: str, **cookies: str) -> str:
        header = "; ".join("=".join(cookie) for cookie in cookies.items())
        answer = await rig.http.get(f"/checkout/{slug}", headers={"cookie": header})
        assert answer.status_code == 200
        return answer.text

    name = f"paylinks_paid_{session_id}"
    assert TOLD in await page("own", **{name: token})
    assert TICK not in await page("other", **{name: token})
    for made_up in ({name: "x"}, {name: ""}, {f"paylinks_paid_{new_id()}": token}, {"paylinks_paid_": token}):
        assert TICK not in await page("own", **made_up)
    somebody = await rig.open("own")
    assert TICK not in await page("own", **{f"paylinks_paid_{somebody['id']}": token})
    assert (await rig.http.get(f"/v1/checkout/sessions/{somebody['id']}", headers=bearer({"token": token}))).is_error
    many = {f"paylinks_paid_{new_id()}": token for _ in range(40)}
    assert TOLD in await page("own", **many, **{name: token})
