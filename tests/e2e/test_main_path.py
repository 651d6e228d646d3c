"""The main job over HTTP, through the gateway: a link, a payment, and everything that follows."""

import asyncio
import json
import os
import sys
from datetime import datetime
from typing import Any

import pytest

from tests.e2e.api import WAITS, Api, bearer, until
from tests.support.stack import Stack

pytestmark = pytest.mark.stack
ISSUED = {
    "title": "Invoice #123",
    "pricing": {"type": "fixed", "amount_minor": 50_000, "currency": "UGX"},
    "slug": "paid-on-the-main-path",  # the pages of the dialects, run on the same stack, take what titles suggest
    "methods": ["card", "mobile_money"],
    "uses_max": 2,
    "expires_at": "2027-12-31T23:59:59Z",
}
STORY = [
    "links.link.created",
    "checkout.session.opened",
    "links.use.held",
    "checkout.charge.created",
    "checkout.charge.pending",
    "checkout.charge.succeeded",
    "links.use.settled",
    "notify.mail.sent",
]
PROMPT = {"type": "prompt", "phone": WAITS}


async def watched(stack: Stack, link: dict[str, Any]) -> list[dict[str, Any]]:
    """What `paylinks watch` has to tell of a link, oldest first."""
    watching = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from deploy.cli.main import main; main()"),
        *("watch", "--link", link["id"], "--since", "10m", "--no-follow"),
        env={**os.environ, "PAYLINKS_HOME": str(stack.home)},
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await watching.communicate()
    assert watching.returncode == 0
    return [json.loads(line) for line in said.splitlines()]


async def test_a_link_is_made_paid_counted_receipted_and_told_of(api: Api, stack: Stack) -> None:
    made = await api.merchant("POST", "/v1/payment-links", ISSUED)
    assert made.status_code == 201
    link = made.json()
    echoed = {name: value for name, value in ISSUED.items() if name != "uses_max"}
    assert {name: link[name] for name in echoed} == echoed
    assert link["url"] == f"{stack.gateway}/checkout/{ISSUED['slug']}"
    assert (link["state"], link["revision"], link["livemode"]) == ("active", 1, False)
    assert link["uses"] == {"max": 2, "used": 0, "held": 0, "remaining": 2}
    assert (await api.merchant("GET", f"/v1/payment-links/{link['id']}")).json() == link

    customer = {"email": "amina@main.example", "name": "Amina", "phone": "+256772000999"}
    opened = await api.open(link, {"customer": customer})
    assert opened.status_code == 201
    session = opened.json()
    assert (session["status"], session["customer"]) == ("open", customer)
    assert session["total"] == {"amount_minor": 50_000, "currency": "UGX"}
    assert session["link"]["methods"] == ["card", "mobile_money"]
    assert session["url"] == f"{stack.gateway}/checkout/sessions/{session['id']}?token={session['token']}"
    assert datetime.fromisoformat(session["expires_at"]).utcoffset() is not None

    answer = await api.pay(session, method="mobile_money", phone=WAITS)
    assert answer.status_code == 202
    paying = answer.json()
    assert (paying["id"], paying["status"], paying["charge"]["status"]) == (session["id"], "paying", "pending")
    assert PROMPT.items() <= paying["next_action"].items()
    assert (await api.one(link))["uses"] == {"max": 2, "used": 0, "held": 1, "remaining": 1}

    await api.approve(session)
    paid = await api.becomes(session, "paid")
    assert (paid["charge"]["status"], paid["next_action"]) == ("succeeded", {"type": "none"})
    assert paid["charge"]["payer_hint"] == "••••0004"
    stats = await api.settled(link)
    (revenue,) = stats["revenue"]
    assert (revenue["amount_minor"], revenue["currency"], revenue["paid_count"]) == (50_000, "UGX", 1)
    assert stats["uses"] == {"max": 2, "used": 1, "held": 0, "remaining": 1}
    (charge,) = await api.charges(link)
    assert (charge["status"], charge["total"]) == ("succeeded", {"amount_minor": 50_000, "currency": "UGX"})
    assert charge["receipt_number"] == paid["receipt"]["number"]

    mail = await api.one_mail("amina@main.example")
    assert mail["subject"] == "[Test] Receipt from Kampala Coffee: UGX 50,000"
    for part in (mail["text"], mail["html"]):
        assert paid["receipt"]["number"] in part
        assert session["url"] in part.replace("&amp;", "&")
    facts = await until(lambda: watched(stack, link), lambda facts: len(facts) >= len(STORY))
    types = [fact["type"] for fact in facts]
    # Counting and mailing are two services' work: neither waits for the other.
    assert [*types[:6], *sorted(types[6:])] == STORY
    assert session["token"] not in json.dumps(facts), "no token is on the screen"


async def test_a_session_is_opened_once_for_one_idempotency_key(api: Api) -> None:
    link = await api.link()
    body = {"customer": {"email": "again@main.example"}}
    first = await api.open(link, body, Idempotency_Key="key-1")
    again = await api.open(link, body, Idempotency_Key="key-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotent-replayed"] == "true"
    other = await api.open(link, {"customer": {"email": "other@main.example"}}, Idempotency_Key="key-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


async def test_pay_sent_again_joins_the_charge_under_way_and_never_makes_a_second(api: Api) -> None:
    link = await api.link()
    session = await api.session(link)
    answers = await asyncio.gather(*(api.pay(session) for _ in range(6)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["charge"]["id"] for answer in answers}) == 1
    await api.becomes(session, "paid")
    after = await api.pay(session)
    assert (after.status_code, after.json()["status"]) == (200, "paid")
    assert (await api.payment(session))["captured"] == 1
    assert (await api.settled(link))["paid_count"] == 1
    assert len(await api.charges(link)) == 1


async def test_a_declined_card_leaves_the_session_open_for_another_way(api: Api) -> None:
    link = await api.link()
    session = await api.session(link)
    declined = await api.pay(session, method="card", card_token="tok_declined")
    assert (declined.status_code, declined.json()["status"]) == (202, "open")
    assert declined.json()["charge"]["failure_reason"] == "declined"
    assert declined.json()["next_action"] == {"type": "none"}
    paid = await api.pay(session, method="card", card_token="tok_visa")
    assert (paid.json()["status"], paid.json()["charge"]["payer_hint"]) == ("paid", "visa ••••4242")
    stats = await api.settled(link)
    assert (stats["paid_count"], stats["uses"]["used"]) == (1, 1)


async def test_without_an_email_there_is_no_mail_and_still_a_receipt_page(api: Api) -> None:
    link = await api.link()
    paid = await api.paid(link)
    await api.settled(link)
    page = await api.send.get(paid["receipt"]["url"], follow_redirects=True)
    assert (page.status_code, page.history[0].status_code) == (200, 303)
    assert "token" not in str(page.url)
    assert paid["receipt"]["number"] in page.text
    query = "SELECT state FROM mail WHERE link_id = $1"
    rows = await until(lambda: api.rows("notify", query, link["id"]), bool)
    assert rows == [{"state": "skipped"}], "and nothing was sent to nobody"


@pytest.mark.parametrize(
    ("pricing", "sent", "total"),
    [
        ({"type": "fixed", "amount_minor": 25_000, "currency": "RWF"}, {}, (25_000, "RWF")),
        ({"type": "fixed", "amount_minor": 1_999, "currency": "USD"}, {}, (1_999, "USD")),
        (
            {"type": "flexible", "currency": "UGX", "min_minor": 1_000, "max_minor": 90_000},
            {"amount_minor": 12_345},
            (12_345, "UGX"),
        ),
        ({"type": "open", "currency": "XOF"}, {"amount_minor": 777}, (777, "XOF")),
        ({"type": "open"}, {"amount_minor": 10_050, "currency": "USD"}, (10_050, "USD")),
    ],
)
async def test_every_price_and_currency_is_paid_to_the_minor_unit(
    api: Api, pricing: dict[str, Any], sent: dict[str, Any], total: tuple[int, str]
) -> None:
    link = await api.link(title="Exactly", pricing=pricing)
    session = await api.session(link, **sent)
    assert session["total"] == {"amount_minor": total[0], "currency": total[1]}
    paid = (await api.pay(session, method="card", card_token="tok_visa")).json()
    assert paid["status"] == "paid"
    payment = await api.payment(session)
    assert (payment["captured_amount"], payment["currency"]) == total
    (revenue,) = (await api.settled(link))["revenue"]
    assert (revenue["amount_minor"], revenue["currency"]) == total


async def test_a_product_is_sold_at_the_price_it_had_when_the_link_was_made(api: Api, stack: Stack) -> None:
    (product,) = [one for one in stack.local["products"] if one["currency"] == "USD"]
    link = await api.link(title="Gift", pricing={"type": "product", "product_id": product["id"]})
    shown = (await api.send.get(f"/v1/checkout/{link['slug']}")).json()
    assert shown["pricing"]["type"] == "product"
    assert shown["pricing"]["product"]["name"] == product["name"]
    assert shown["total"] == {"amount_minor": product["amount_minor"], "currency": "USD"}
    session = await api.session(link)
    assert session["total"] == shown["total"]


@pytest.mark.parametrize("amount_minor", [None, 999, 90_001])
async def test_an_amount_out_of_bounds_is_refused_with_the_bounds(api: Api, amount_minor: int | None) -> None:
    pricing = {"type": "flexible", "currency": "UGX", "min_minor": 1_000, "max_minor": 90_000}
    link = await api.link(pricing=pricing)
    answer = await api.open(link, {"amount_minor": amount_minor})
    assert answer.status_code == 400
    problem = answer.json()
    assert problem["field"] == "amount_minor"
    if amount_minor:
        assert (problem["code"], problem["min_minor"], problem["max_minor"]) == ("amount_out_of_bounds", 1_000, 90_000)


async def test_a_link_made_a_moment_ago_is_there_at_once(api: Api) -> None:
    for n in range(5):
        link = await api.link(title=f"Fresh {n}")
        page = await api.send.get(f"/checkout/{link['slug']}")
        assert (page.status_code, f"Fresh {n}" in page.text) == (200, True)


async def test_a_link_whose_facts_have_not_come_yet_is_asked_for(api: Api) -> None:
    link = await api.link(title="Not projected")
    await api.rows("checkout", "DELETE FROM link_view WHERE link_id = $1", link["id"])
    page = await api.send.get(f"/checkout/{link['slug']}")
    assert (page.status_code, "Not projected" in page.text) == (200, True)
    assert (await api.send.get(f"/v1/checkout/{link['slug']}")).json()["title"] == "Not projected"


async def test_a_change_of_a_link_shows_within_a_second(api: Api) -> None:
    link = await api.link(title="Before")
    assert "Before" in (await api.send.get(f"/checkout/{link['slug']}")).text
    changed = await api.merchant("PATCH", f"/v1/payment-links/{link['id']}", {"title": "After"}, If_Match='"1"')
    assert (changed.status_code, changed.json()["revision"], changed.json()["pricing"]) == (200, 2, link["pricing"])
    stale = await api.merchant("PATCH", f"/v1/payment-links/{link['id']}", {"title": "Late"}, If_Match='"1"')
    assert stale.status_code in {409, 412}
    await asyncio.sleep(1.2)
    assert "After" in (await api.send.get(f"/checkout/{link['slug']}")).text
    assert (await api.send.get(f"/v1/checkout/{link['slug']}")).json()["title"] == "After"


async def test_sessions_keep_the_price_that_their_buyer_saw(api: Api) -> None:
    link = await api.link()
    session = await api.session(link)
    dearer = {"pricing": {"type": "fixed", "amount_minor": 60_000, "currency": "UGX"}}
    assert (await api.merchant("PATCH", f"/v1/payment-links/{link['id']}", dearer)).status_code == 200
    paid = (await api.pay(session, method="card", card_token="tok_visa")).json()
    assert (paid["status"], paid["total"]["amount_minor"]) == ("paid", 50_000)


async def test_nobody_reads_or_pays_a_session_without_its_token(api: Api) -> None:
    link = await api.link()
    mine, other = await api.session(link), await api.session(link)
    path = f"/v1/checkout/sessions/{mine['id']}"
    for headers in ({}, bearer(other), {"Authorization": "Bearer x"}, {"Authorization": f"Basic {mine['token']}"}):
        for method, where in (("GET", path), ("POST", f"{path}/pay"), ("GET", f"{path}/events")):
            answer = await api.send.request(method, where, headers=headers, json={"method": "card"})
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), (method, where)
    assert (await api.read(mine))["status"] == "open"


async def test_the_live_status_is_streamed_until_it_is_paid(api: Api) -> None:
    session = await api.session(await api.link())
    seen: list[str] = []
    url = f"/v1/checkout/sessions/{session['id']}/events"
    async with api.send.stream("GET", url, headers=bearer(session), timeout=15) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        async for line in stream.aiter_lines():
            if line.startswith("data: "):
                seen.append(json.loads(line[6:])["status"])
                if len(seen) == 1:
                    await api.pay(session)
    assert seen[0] == "open"
    assert "paying" in seen
    assert seen[-1] == "paid", "and then the stream ends by itself"
