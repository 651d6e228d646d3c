"""A link that takes no payment says why, since when and what to do: as a page and as a problem."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.api import PHONE, Api, until

pytestmark = pytest.mark.stack


async def expired(api: Api) -> dict[str, Any]:
    soon = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    link = await api.link(title="Closed shop", expires_at=soon)
    await asyncio.sleep(1.1)
    return link


async def exhausted(api: Api) -> dict[str, Any]:
    link = await api.link(title="Closed shop", uses_max=1)
    session = await api.session(link)
    await api.pay(session, method="card", card_token="tok_visa")
    await api.settled(link)
    return link


async def paused(api: Api) -> dict[str, Any]:
    link = await api.link(title="Closed shop")
    assert (await api.merchant("POST", f"/v1/payment-links/{link['id']}/pause")).status_code == 200
    return link


async def archived(api: Api) -> dict[str, Any]:
    link = await api.link(title="Closed shop")
    assert (await api.merchant("DELETE", f"/v1/payment-links/{link['id']}")).status_code == 200
    return link


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (expired, "This link has expired"),
        (exhausted, "Everything is taken"),
        (paused, "This link is paused"),
        (archived, "This link is closed"),
    ],
)
async def test_a_link_that_refuses_answers_410_with_reason_since_and_next_step(api: Api, make: Any, says: str) -> None:
    link, reason = await make(api), make.__name__
    path = f"/v1/checkout/{link['slug']}"

    async def look() -> Any:
        return await api.send.get(path)

    for answer in (await until(look, lambda got: got.status_code == 410, 3), await api.open(link)):
        assert answer.status_code == 410
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert (problem["code"], problem["reason"], problem["status"]) == (f"link_{reason}", reason, 410)
        assert datetime.fromisoformat(problem["since"]).tzinfo is not None
        assert problem["next_step"]
        assert problem["request_id"] == answer.headers["x-request-id"]
    page = await api.send.get(f"/checkout/{link['slug']}", headers={"Accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (410, "text/html; charset=utf-8")
    assert "Closed shop" in page.text
    assert says in page.text
    assert "hello@kampala-coffee.test" in page.text
    assert (await api.one(link))["state"] == reason


async def test_while_every_use_is_held_the_answer_is_409_with_when_to_try_again(api: Api) -> None:
    link = await api.link(uses_max=1)
    first, second = await api.session(link), await api.session(link)
    await api.pay(first, method="mobile_money", phone="+256782000004")
    for answer in (await api.pay(second), await api.open(link)):
        assert (answer.status_code, answer.json()["code"]) == (409, "all_uses_held")
        assert datetime.fromisoformat(answer.json()["retry_at"]) > datetime.now(UTC)
        assert int(answer.headers["retry-after"]) > 0
    page = await api.send.post(f"/checkout/{link['slug']}", data={"method": "mobile_money", "mobile_phone": PHONE})
    assert (page.status_code, "Retry-After" in page.headers) == (409, True)
    await api.sandbox(
        "POST", f"/control/payments/{(await api.payment(first))['id']}/fail", {"failure_code": "declined"}
    )
    await api.becomes(first, "open")

    async def held() -> int:
        return (await api.one(link))["uses"]["held"]

    await until(held, lambda uses: uses == 0)
    assert (await api.pay(second)).status_code == 202, "the use came free"


async def test_what_does_not_exist_is_said_in_words_and_as_a_problem(api: Api) -> None:
    for path in ("/checkout/no-such-link", "/checkout/sessions/nope", "/checkout/a/b", "/checkout/"):
        page = await api.send.get(path, headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8"), path
        assert "<h1" in page.text
    problem = await api.send.get("/v1/checkout/no-such-link")
    assert (problem.status_code, problem.json()["code"]) == (404, "link_not_found")
    gone = await api.send.get(
        "/checkout/sessions/0190c3c2-1111-7000-8000-000000000001", headers={"Accept": "text/html"}
    )
    assert gone.status_code == 403


async def test_a_form_that_makes_no_sense_is_refused_without_a_trace(api: Api) -> None:
    link = await api.link()
    url = f"/checkout/{link['slug']}"
    for body in (b"\xff\xfe=1", b"a=1&" * 100, b"x" * 20_000, b""):
        answer = await api.send.post(url, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert 400 <= answer.status_code < 500, answer.text
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
    rows = await api.rows("checkout", "SELECT id FROM session WHERE link_id = $1", link["id"])
    assert rows == []
