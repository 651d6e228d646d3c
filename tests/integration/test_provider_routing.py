"""Which account takes a payment, what happens when its provider does not, and what its callbacks prove."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import pytest

from shared.contracts import subjects
from shared.contracts.operator import ListCallbacks, OneCallback, Reconcile, Reseal
from shared.kernel.ids import new_id
from tests.support.checkout import eventually
from tests.support.cli import ended
from tests.support.echo_provider import send_callback
from tests.support.merchants import CREDENTIALS, EchoRig, Shop, echo_rig

__all__ = ["echo_rig"]
ROUTE = "/v1/provider-accounts/route"
SECRET = CREDENTIALS["webhook_secret"]


@pytest.fixture(autouse=True)
def well_behaved(echo_rig: EchoRig) -> None:
    echo_rig.echo.does, echo_rig.echo.answers_status = "pending", True


async def verdict_of(shop: Shop, event_id: str) -> str:
    async def known() -> bool:
        found = await rows(shop, event_id)
        return bool(found) and found[-1]["verdict"] != "received"

    await eventually(known)
    return (await rows(shop, event_id))[-1]["verdict"]


async def rows(shop: Shop, event_id: str) -> list[Any]:
    return await shop.rig.pg.fetch(
        "SELECT * FROM callback WHERE event_id = $1 AND org_id = $2 ORDER BY id", event_id, shop.org_id
    )


async def test_a_charge_goes_to_the_account_that_takes_it_and_its_callback_pays(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    account = await shop.connect()
    session, started = await shop.pay("+256771000201")
    assert (started.status_code, started.json()["next_action"]["type"]) == (202, "prompt")
    (charge,) = await shop.charges(session)
    assert (charge["provider"], charge["account_id"]) == ("echo", UUID(account["id"]))
    assert echo_rig.echo.payments[charge["reference"]]["minor"] == 50_000
    assert (await shop.callback(session, "succeeded")).status_code == 200
    await echo_rig.until(session, "paid")


async def test_in_test_mode_the_sandbox_stands_in_only_where_no_account_takes_the_payment(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    asked = {"link": shop.link.slug, "method": "mobile_money", "phone": "0772123456"}
    alone = (await shop.api.get(ROUTE, params=asked)).json()
    assert [one["provider"] for one in alone["candidates"]] == ["sandbox"]
    account = await shop.connect()
    with_it = (await shop.api.get(ROUTE, params=asked)).json()
    assert with_it["candidates"] == [{"account_id": account["id"], "provider": "echo", "priority": 100}]
    assert [(one["provider"], one["reason"]) for one in with_it["left_out"]] == [("sandbox", "stands_in_only")]
    in_dollars = (await shop.api.get(ROUTE, params=asked | {"currency": "USD"})).json()
    assert [one["provider"] for one in in_dollars["candidates"]] == ["sandbox"]
    assert [(one["provider"], one["reason"]) for one in in_dollars["left_out"]] == [("echo", "currency_not_taken")]


async def test_the_route_says_why_each_account_is_left_out(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop(providers=("echo",))
    second = await shop.connect(priority=20)
    first = await shop.connect(priority=10, operators=["MTN"])
    await shop.connect(provider="echo_too", priority=1)
    cards = await shop.connect(methods=["card"])
    asked = {"link": str(shop.link.id), "method": "mobile_money"}
    mtn = (await shop.api.get(ROUTE, params=asked | {"phone": "+256772123456"})).json()
    assert [one["account_id"] for one in mtn["candidates"]] == [first["id"], second["id"]]
    assert {(one["provider"], one["reason"]) for one in mtn["left_out"]} == {
        ("echo_too", "not_named_by_link"),
        ("echo", "method_not_taken"),
        ("sandbox", "stands_in_only"),
    }
    airtel = (await shop.api.get(ROUTE, params=asked | {"phone": "+256752123456"})).json()
    assert [one["account_id"] for one in airtel["candidates"]] == [second["id"]]
    assert {"account_id": first["id"], "provider": "echo", "reason": "operator_not_taken"} in airtel["left_out"]
    assert cards["id"] in {one["account_id"] for one in airtel["left_out"]}
    for wrong in ({}, {"link": "nothing-here", "method": "card"}, asked | {"method": "cash"}, asked | {"x": "1"}):
        assert (await shop.api.get(ROUTE, params=wrong)).status_code in {400, 404}


async def test_a_provider_that_cannot_be_reached_is_followed_by_the_next_one_in_the_same_try(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop(uses_max=1)
    dead = await shop.connect(provider="echo_too", priority=1)
    await shop.connect(priority=2)
    session, started = await shop.pay("+256771000202")
    assert (started.status_code, started.json()["status"]) == (202, "paying")
    first, second = await shop.charges(session)
    assert (first["provider"], first["status"], first["failure_reason"]) == ("echo_too", "failed", "provider_error")
    assert (second["provider"], second["status"]) == ("echo", "pending")
    assert first["reference"] != second["reference"]
    why = msgspec.json.decode(second["why"])
    assert why["attempt"] == 2
    assert why["tried"] == [{"account_id": dead["id"], "provider": "echo_too", "answer": "NotSent"}]
    await shop.callback(session, "succeeded")
    await echo_rig.until(session, "paid")
    facts = await echo_rig.facts(session)
    assert facts.count("charge.created") == 1, "to everybody else it is one try"
    assert "charge.failed" not in facts


async def test_after_the_provider_may_have_it_no_other_is_tried(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    await shop.connect(priority=1)
    await shop.connect(provider="echo_too", priority=2)
    echo_rig.echo.does = "break"
    session, started = await shop.pay("+256771000203")
    assert started.json()["status"] == "paying"
    assert [one["provider"] for one in await shop.charges(session)] == ["echo"]


async def test_a_clean_refusal_goes_on_and_one_of_what_the_buyer_wrote_does_not(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    await shop.connect(priority=1)
    await shop.connect(provider="echo_too", priority=2)
    echo_rig.echo.does = "refuse"
    session, started = await shop.pay("+256771000204")
    assert started.json()["charge"]["failure_reason"] == "provider_error", "the second could not be reached either"
    assert [one["provider"] for one in await shop.charges(session)] == ["echo", "echo_too"]
    echo_rig.echo.does = "refuse_phone"
    session, started = await shop.pay("+256771000204")
    assert (started.status_code, started.json()["field"]) == (400, "phone")
    assert [one["provider"] for one in await shop.charges(session)] == ["echo"]


async def test_a_provider_that_fails_again_and_again_is_left_alone_for_a_while(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    account = await shop.connect(provider="echo_too")
    for number in range(5):
        _, started = await shop.pay(f"+25677100021{number}")
        assert started.json()["charge"]["failure_reason"] == "provider_error"
    session, refused = await shop.pay("+256771000219")
    assert (refused.status_code, refused.json()["code"]) == (503, "unavailable")
    assert await shop.charges(session) == []
    shown = (await shop.api.get(f"/v1/provider-accounts/{account['id']}")).json()
    assert shown["availability"] == "open"
    route = (await shop.api.get(ROUTE, params={"link": shop.link.slug, "method": "mobile_money"})).json()
    assert {"account_id": account["id"], "provider": "echo_too", "reason": "unavailable"} in route["left_out"]
    assert 'paylinks_provider_breakers_open{provider="echo_too"}' in (await echo_rig.http.get("/metrics")).text


async def test_a_phone_is_asked_about_one_payment_of_an_account_at_a_time(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    await shop.connect()
    first, _ = await shop.pay("+256771000220")
    second, refused = await shop.pay("+256771000220")
    assert (refused.status_code, refused.json()["code"], refused.json()["field"]) == (409, "prompt_active", "phone")
    assert datetime.fromisoformat(refused.json()["retry_at"]) > datetime.now(UTC)
    assert (await echo_rig.read(second))["status"] == "open", "nothing was begun"
    assert (await echo_rig.pay(second, method="mobile_money", phone="+256771000221")).status_code == 202
    await shop.callback(first, "failed", id=f"ev_{new_id()}")
    await echo_rig.until(first, "open")
    assert (await echo_rig.pay(first, method="mobile_money", phone="+256771000220")).status_code == 202
    third = await echo_rig.open(shop.link.slug)
    await echo_rig.pg.execute("UPDATE charge SET prompt_until = now() WHERE prompt_phone = '+256771000220'")
    assert (await echo_rig.pay(third, method="mobile_money", phone="+256771000220")).status_code == 202


async def test_two_who_name_the_same_phone_at_once_are_not_both_let_through(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    await shop.connect()
    answers = await asyncio.gather(*(shop.pay("+256771000222") for _ in range(6)))
    assert sorted(answer.status_code for _, answer in answers) == [202, *(409,) * 5]


async def test_a_card_that_fails_too_often_is_refused_from_where_it_came(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    await shop.connect()
    echo_rig.echo.does = "failed"
    codes: list[int] = []
    for _ in range(7):
        session = await echo_rig.open(shop.link.slug)
        answer = await echo_rig.http.post(
            f"/v1/checkout/sessions/{session['id']}/pay",
            json={"method": "card"},
            headers={"authorization": f"Bearer {session['token']}", "x-forwarded-for": "203.0.113.77"},
        )
        codes.append(answer.status_code)
    assert codes == [*(202,) * 6, 429], "five tries of one card, and the sixth closes the door"
    assert (answer.json()["code"], int(answer.headers["retry-after"]) > 0) == ("rate_limited", True)
    elsewhere = await echo_rig.open(shop.link.slug)
    assert (await echo_rig.pay(elsewhere, method="card")).status_code == 202


async def test_a_callback_that_proves_nothing_has_its_provider_asked(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    await shop.connect()
    session, _ = await shop.pay("+256771000230")
    reference = (await shop.charges(session))[0]["reference"]
    asks = {"type": "ask", "reference": reference, "id": f"ask_{new_id()}"}
    payment = echo_rig.echo.becomes(reference, "succeeded")
    echo_rig.echo.answers_status = False
    assert (await send_callback(echo_rig.http, payment, secret=SECRET, **asks)).status_code == 200

    async def tried() -> bool:
        return (await rows(shop, asks["id"]))[0]["tries"] == 1

    await eventually(tried)
    assert (await rows(shop, asks["id"]))[0]["verdict"] == "received", "unanswered, it is asked again"
    echo_rig.echo.answers_status = True
    await echo_rig.pg.execute("UPDATE callback SET retry_at = now() WHERE event_id = $1", asks["id"])
    await echo_rig.until(session, "paid")
    assert await verdict_of(shop, asks["id"]) == "accepted"
    await send_callback(echo_rig.http, payment, secret=SECRET, **asks)
    assert await verdict_of(shop, asks["id"]) == "duplicate"


@pytest.mark.parametrize(
    ("over", "verdict"),
    [
        ({"type": "ask", "reference": "nobody-knows-it"}, "unknown_reference"),
        ({"type": "other"}, "ignored"),
    ],
)
async def test_what_concerns_no_payment_of_ours_changes_nothing(
    echo_rig: EchoRig, over: dict[str, Any], verdict: str
) -> None:
    shop = echo_rig.shop()
    await shop.connect()
    session, _ = await shop.pay(f"+2567710002{40 + len(verdict)}")
    payment = echo_rig.echo.payments[(await shop.charges(session))[0]["reference"]]
    event_id = f"ev_{new_id()}"
    assert (await send_callback(echo_rig.http, payment, secret=SECRET, id=event_id, **over)).status_code == 200
    assert await verdict_of(shop, event_id) == verdict
    assert (await echo_rig.read(session))["status"] == "paying"


async def test_the_same_event_is_a_duplicate_for_ever(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    await shop.connect()
    session, _ = await shop.pay("+256771000260")
    await shop.callback(session, "succeeded", id="ev_for_ever")
    await echo_rig.until(session, "paid")
    await echo_rig.pg.execute("UPDATE charge SET event_ids = '{}' WHERE session_id = $1", UUID(session["id"]))
    await shop.callback(session, "succeeded", id="ev_for_ever")
    assert await verdict_of(shop, "ev_for_ever") == "duplicate", "also when the charge has forgotten it"


async def test_callbacks_are_searched_shown_and_replayed(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    account = await shop.connect()
    session, _ = await shop.pay("+256771000261")
    assert (await shop.callback(session, "succeeded", secret="es_notthesecretatall")).status_code == 401
    search = {"verdict": "bad_signature", "account": account["id"], "from": "2026-01-01T00:00:00Z", "limit": 1}
    (found,) = (await shop.api.get("/v1/callbacks", params=search)).json()["data"]
    shown = (await shop.api.get(f"/v1/callbacks/{found['id']}")).json()
    assert msgspec.json.decode(shown["body"])["data"]["status"] == "succeeded"
    assert list(shown["headers"]) == ["echo-signature"]
    still = (await shop.api.post(f"/v1/callbacks/{found['id']}/replay")).json()
    assert (still["replayed"], still["callback"]["verdict"]) == (False, "bad_signature")
    right = CREDENTIALS | {"webhook_secret": "es_notthesecretatall"}
    rotated = await shop.api.post(f"/v1/provider-accounts/{account['id']}/rotate", json={"credentials": right})
    assert rotated.status_code == 200
    done = (await shop.api.post(f"/v1/callbacks/{found['id']}/replay")).json()
    assert (done["replayed"], done["callback"]["verdict"]) == (True, "accepted")
    assert (await echo_rig.read(session))["status"] == "paid"
    again = (await shop.api.post(f"/v1/callbacks/{found['id']}/replay")).json()
    assert (again["replayed"], again["callback"]["verdict"]) == (False, "accepted")
    by_charge = {"charge": done["callback"]["charge_id"]}
    assert len((await shop.api.get("/v1/callbacks", params=by_charge)).json()["data"]) == 1
    stranger = echo_rig.keys.merchant()
    assert (await stranger.get(f"/v1/callbacks/{found['id']}")).status_code == 404
    assert (await stranger.post(f"/v1/callbacks/{found['id']}/replay")).status_code == 404
    assert (await stranger.get("/v1/callbacks")).json()["data"] == []
    for wrong in ({"verdict": "fine"}, {"verdict": "\x00"}, {"charge": "1"}, {"from": "yesterday"}, {"size": "1"}):
        assert (await shop.api.get("/v1/callbacks", params=wrong)).status_code == 400, wrong


async def test_the_operator_asks_over_the_bus(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    await shop.connect()
    session, _ = await shop.pay("+256771000262")
    await shop.callback(session, "succeeded", id="ev_operator")
    assert await verdict_of(shop, "ev_operator") == "accepted"

    async def ask(subject: str, body: msgspec.Struct) -> Any:
        return msgspec.json.decode((await echo_rig.client.request(subject, msgspec.json.encode(body), timeout=5)).data)

    told = await ask(subjects.CALLBACK_LIST, ListCallbacks(verdict="accepted", limit=1))
    assert told["callbacks"][0]["event_id"] == "ev_operator"
    whole = await ask(subjects.CALLBACK_SHOW, OneCallback(UUID(told["callbacks"][0]["id"])))
    assert "ev_operator" in whole["callbacks"][0]["body"]
    assert (await ask(subjects.CALLBACK_REPLAY, OneCallback(new_id())))["callbacks"] == []
    await echo_rig.pg.execute("UPDATE provider_account SET key_id = 'older' WHERE org_id = $1", shop.org_id)
    assert (await ask(subjects.ACCOUNTS_RESEAL, Reseal()))["accounts"] == 1
    assert (await ask(subjects.ACCOUNTS_RESEAL, Reseal()))["accounts"] == 0


async def test_a_day_is_compared_with_the_provider_and_each_difference_listed(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    account = await shop.connect()
    sessions = [(await shop.pay(f"+25677100027{number}"))[0] for number in range(4)]
    references = [(await shop.charges(one))[0]["reference"] for one in sessions]
    await shop.callback(sessions[0], "succeeded")
    await echo_rig.until(sessions[0], "paid")
    today = datetime.now(UTC).date()
    echo_rig.echo.becomes(references[1], "failed")
    echo_rig.echo.payments[references[2]]["minor"] = 1
    del echo_rig.echo.payments[references[3]]
    ask = msgspec.json.encode(Reconcile(day=today, org_id=shop.org_id))
    made = msgspec.json.decode((await echo_rig.client.request(subjects.RECONCILE, ask, timeout=20)).data)
    assert [(one["compared"], one["unanswered"], one["differences"]) for one in made["accounts"]] == [(4, 0, 3)]
    (report,) = (await shop.api.get("/v1/reconciliations", params={"day": str(today)})).json()["data"]
    assert report["account_id"] == account["id"]
    kinds = {one["reference"]: (one["kind"], one["ours"], one["theirs"]) for one in report["differences"]}
    assert kinds == {
        references[1]: ("status", "pending", "failed"),
        references[2]: ("amount", "50000 UGX", "1 UGX"),
        references[3]: ("missing", "pending", "no such payment"),
    }
    assert (await echo_rig.keys.merchant().get("/v1/reconciliations")).json()["data"] == []
    before = {"day": str(today - timedelta(days=1))}
    assert (await shop.api.get("/v1/reconciliations", params=before)).json()["data"] == []
    assert (await shop.api.get("/v1/reconciliations", params={"day": "soon"})).status_code == 400


async def test_the_page_says_that_the_phone_is_being_asked_already(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    await shop.connect()
    await shop.pay("+256771000280")
    form = {"method": "mobile_money", "mobile_country": "UG", "mobile_phone": "0771000280", "attempt": "a" * 16}
    page = await echo_rig.http.post(f"/checkout/{shop.link.slug}", data=form, headers={"accept-language": "en"})
    assert page.status_code == 422
    assert "This phone already has a payment to approve" in page.text


async def test_the_command_line_lists_shows_and_replays(echo_rig: EchoRig) -> None:
    shop = echo_rig.shop()
    await shop.connect()
    session, _ = await shop.pay("+256771000281")
    await shop.callback(session, "succeeded", id="ev_on_the_line")
    assert await verdict_of(shop, "ev_on_the_line") == "accepted"
    where = ("--nats", echo_rig.nats_url)
    _, listed, _ = await ended("callbacks", "list", "--limit", "1", "--json", *where)
    (one,) = [msgspec.json.decode(line) for line in listed.splitlines()]
    assert (one["event_id"], one["verdict"]) == ("ev_on_the_line", "accepted")
    _, shown, _ = await ended("callbacks", "show", one["id"], *where)
    assert "ev_on_the_line" in msgspec.json.decode(shown)["body"]
    assert await ended("callbacks", "replay", one["id"], *where) == (0, "accepted  (left as it was)\n", "")
    code, _, errors = await ended("callbacks", "show", str(new_id()), *where)
    assert (code, "There is no callback" in errors) == (1, True)
    assert "sealed anew" in (await ended("accounts", "reseal", *where))[1]
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    code, report, _ = await ended("reconcile", "--day", today, "--org", str(shop.org_id), *where)
    assert (code, "1 compared, 0 unanswered, 0 differ" in report) == (0, True)
    code, _, errors = await ended("reconcile", "--day", "today", *where)
    assert (code, "is not a day" in errors) == (1, True)
