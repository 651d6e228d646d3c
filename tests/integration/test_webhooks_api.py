"""`/v1/webhook-endpoints` and `/v1/webhook-deliveries` over HTTP, on real PostgreSQL; who asks is made up."""

import re
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from typing import Any, cast

import pytest

from services.notify.app import parts
from services.notify.domain.webhook_endpoint import ENDPOINTS_MAX
from services.notify.web import deliveries, endpoints
from services.notify.web.desk import Desk
from services.notify.web.openapi import OPERATIONS, document
from shared.kernel.ids import new_id
from shared.runtime.service import litestar
from tests.support.mails import paid
from tests.support.webhooks import answering, receiver
from tests.support.webhooks_api import BODY, ROOT, Api, webhooks_api


@pytest.fixture(scope="module")
async def dsn(databases: Any) -> AsyncGenerator[str, None]:
    made = await databases.clone("notify")
    yield made
    await databases.drop(made)


@pytest.fixture
async def api(dsn: str) -> AsyncGenerator[Api, None]:
    async with webhooks_api(dsn) as running:
        yield running


async def test_an_endpoint_is_made_with_a_secret_that_is_shown_once(api: Api) -> None:
    made = await api.made()
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", made["secret"])
    assert (made["url"], made["events"], made["enabled"], made["livemode"]) == (BODY["url"], ["charge.*"], True, False)
    read = await api.ask("GET", f"{ROOT}/{made['id']}", status=200)
    assert read == {name: value for name, value in made.items() if name != "secret"}
    listed = await api.ask("GET", ROOT, status=200)
    assert (listed["data"], listed["has_more"]) == ([read], False)


async def test_without_filters_it_gets_everything_and_may_begin_switched_off(api: Api) -> None:
    made = await api.ask("POST", ROOT, {"url": "https://shop.example/all", "enabled": False}, status=201)
    assert (made["events"], made["enabled"], made["disabled_reason"]) == (["*"], False, "by_hand")


@pytest.mark.parametrize(
    ("over", "field"),
    [
        ({"url": "ftp://shop.example"}, "url"),
        ({"url": "https://u:p@shop.example/"}, "url"),
        ({"url": "https://10.0.0.1/hook"}, "url"),
        ({"url": "https://169.254.169.254/"}, "url"),
        ({"url": "https://shop.example/" + "x" * 2000}, "url"),
        ({"url": None}, "url"),
        ({"events": []}, "events"),
        ({"events": ["charge.nope"]}, "events"),
        ({"events": ["otp.requested"]}, "events"),
        ({"events": ["charge.succeeded"] * 51}, "events"),
        ({"events": "*"}, "events"),
        ({"description": "x" * 201}, "description"),
        ({"description": "a\0b"}, "description"),
        ({"enabled": "yes"}, "enabled"),
        ({"secret": "whsec_mine"}, "secret"),
    ],
)
async def test_what_cannot_be_accepted_is_refused_with_its_field(api: Api, over: dict, field: str) -> None:
    problem = await api.ask("POST", ROOT, BODY | over, status=400)
    assert (problem["code"], problem["field"]) == ("invalid", field)


async def test_the_same_key_makes_one_endpoint_and_shows_its_secret_again_and_keeps_it_sealed(api: Api) -> None:
    first = await api.ask("POST", ROOT, BODY, status=201, **{"idempotency-key": "one"})
    again = await api.client.post(ROOT, json=BODY, headers=api.key() | {"idempotency-key": "one"})
    assert again.json() == first
    assert again.headers["idempotent-replayed"] == "true"
    other = await api.ask("POST", ROOT, BODY | {"events": ["*"]}, status=422, **{"idempotency-key": "one"})
    assert other["code"] == "idempotency_mismatch"
    kept = await api.hooks.postgres.fetchval("SELECT body FROM idempotency ORDER BY created_at DESC LIMIT 1")
    assert first["secret"].encode() not in kept


async def test_there_are_twenty_endpoints_in_each_mode_at_most(api: Api) -> None:
    for number in range(ENDPOINTS_MAX):
        await api.made(url=f"https://shop.example/{number}")
    assert (await api.ask("POST", ROOT, BODY, status=409))["code"] == "too_many_endpoints"
    live = await api.client.post(ROOT, json=BODY, headers=api.key(mode="live"))
    assert (live.status_code, live.json()["livemode"]) == (201, True)
    pages = [await api.ask("GET", f"{ROOT}?limit=15", status=200)]
    pages.append(await api.ask("GET", f"{ROOT}?limit=15&cursor={pages[0]['next_cursor']}", status=200))
    urls = [one["url"] for page in pages for one in page["data"]]
    assert urls == [f"https://shop.example/{number}" for number in reversed(range(ENDPOINTS_MAX))]
    first = pages[0]["data"][0]["id"]
    await api.ask("DELETE", f"{ROOT}/{first}", status=204)
    await api.made()


async def test_a_patch_changes_what_it_names(api: Api) -> None:
    made = await api.made()
    path = f"{ROOT}/{made['id']}"
    off = await api.ask("PATCH", path, {"enabled": False, "events": ["*", "*"]}, status=200)
    assert (off["enabled"], off["disabled_reason"], off["events"], off["url"]) == (False, "by_hand", ["*"], BODY["url"])
    on = await api.ask("PATCH", path, {"enabled": True, "description": None, "url": "https://b.example/x"}, status=200)
    assert (on["enabled"], on["disabled_at"], on["description"]) == (True, None, None)
    assert on["url"] == "https://b.example/x"
    same = await api.ask("PATCH", path, {}, status=200)
    assert same["url"] == "https://b.example/x"
    for bad in ({"url": None}, {"enabled": None}, {"events": None}, {"nope": 1}, {"url": "https://127.0.0.2/"}):
        expected = 200 if bad == {"url": "https://127.0.0.2/"} else 400  # this is a test stack: its own machine is fine
        await api.ask("PATCH", path, bad, status=expected)


async def test_another_organization_or_mode_or_a_key_without_the_scope_sees_and_does_nothing(api: Api) -> None:
    async with receiver() as shop:
        made = await api.made(url=shop.url)
        test = await api.ask("POST", f"{ROOT}/{made['id']}/test", status=202)
        own = f"{ROOT}/{made['id']}"
        now = api.hooks.now
        window = {"from": (now - timedelta(days=1)).isoformat(), "to": (now + timedelta(days=1)).isoformat()}
        asks = [
            ("GET", own, None),
            ("PATCH", own, {"enabled": False}),
            ("DELETE", own, None),
            ("POST", f"{own}/rotate-secret", None),
            ("POST", f"{own}/test", None),
            ("POST", f"{own}/redeliver", window),
            ("GET", f"{own}/deliveries", None),
            ("GET", f"/v1/webhook-deliveries/{test['id']}", None),
            ("POST", f"/v1/webhook-deliveries/{test['id']}/redeliver", None),
        ]
        for method, path, body in asks:
            for headers in (api.key(org=new_id()), api.key(mode="live")):
                answer = await api.client.request(method, path, json=body, headers=headers)
                assert answer.status_code == 404, (method, path)
            scope = "webhooks:write" if method == "GET" else "webhooks:read"
            answer = await api.client.request(method, path, json=body, headers=api.key(scopes=scope))
            assert (answer.status_code, answer.json()["scope"]) == (
                403,
                scope.replace("write", "x").replace("read", "write").replace("x", "read"),
            )
            assert (await api.client.request(method, path, json=body)).status_code == 401
        assert (await api.ask("GET", own, status=200))["enabled"] is True


async def test_a_rotation_shows_a_new_secret_and_says_how_long_the_old_one_lasts(api: Api) -> None:
    made = await api.made()
    rotated = await api.ask("POST", f"{ROOT}/{made['id']}/rotate-secret", status=200)
    assert rotated["secret"] != made["secret"]
    until = datetime.fromisoformat(rotated["previous_secret_until"])
    assert abs(until - api.hooks.now - timedelta(days=1)) < timedelta(seconds=1)
    at_once = await api.ask("POST", f"{ROOT}/{made['id']}/rotate-secret", {"overlap_seconds": 0}, status=200)
    assert at_once["previous_secret_until"] is None
    await api.ask("POST", f"{ROOT}/{made['id']}/rotate-secret", {"overlap_seconds": -1}, status=400)


async def test_a_test_event_is_sent_and_its_log_shows_request_and_answer(api: Api) -> None:
    async with receiver(answering(500, "no\0such thing")) as shop:
        made = await api.made(url=shop.url, events=["link.ended"])
        sent = await api.ask("POST", f"{ROOT}/{made['id']}/test", status=202)
        assert (sent["event"], sent["state"], sent["attempts"]) == ("webhook.test", "pending", 0)
        await api.hooks.send()
        shop.verify(made["secret"])
        detail = await api.ask("GET", f"/v1/webhook-deliveries/{sent['id']}", status=200)
        (attempt,) = detail["attempt_log"]
        assert detail["request_body"].encode() == shop.arrived[0].body
        assert detail["webhook_id"] == shop.arrived[0].id == attempt["request_headers"]["webhook-id"]
        assert (attempt["status"], attempt["response_body"]) == (500, "no\N{REPLACEMENT CHARACTER}such thing")
        assert made["secret"] not in str(detail)
        shop.answer = answering(200, "fine")
        again = await api.ask("POST", f"/v1/webhook-deliveries/{sent['id']}/redeliver", status=202)
        assert again["state"] == "pending"
        await api.hooks.send()
        detail = await api.ask("GET", f"/v1/webhook-deliveries/{sent['id']}", status=200)
        assert (detail["state"], [one["status"] for one in detail["attempt_log"]]) == ("delivered", [500, 200])


async def test_the_log_is_filtered_by_state_event_and_link_and_comes_in_pages(api: Api) -> None:
    async with receiver() as shop:
        made = await api.made(url=shop.url, events=["*"])
        link = new_id()
        hooks = api.hooks
        facts = [paid(org_id=hooks.owner.org_id, livemode=False) for _ in range(4)]
        await hooks.take(*(hooks.fact(one) for one in facts))
        await hooks.take(hooks.fact(paid(org_id=hooks.owner.org_id, livemode=False, link_id=link)))
        await hooks.send_all()
        await api.ask("POST", f"{ROOT}/{made['id']}/test", status=202)
        log = f"{ROOT}/{made['id']}/deliveries"
        assert len((await api.ask("GET", log, status=200))["data"]) == 6
        for query, count in (
            ("state=pending", 1),
            ("state=delivered", 5),
            ("state=failed", 0),
            ("event=webhook.test", 1),
            ("event=charge.succeeded", 5),
            (f"link_id={link}", 1),
        ):
            assert len((await api.ask("GET", f"{log}?{query}", status=200))["data"]) == count, query
        page = await api.ask("GET", f"{log}?limit=4", status=200)
        rest = await api.ask("GET", f"{log}?limit=4&cursor={page['next_cursor']}", status=200)
        assert (len(page["data"]), len(rest["data"]), rest["has_more"]) == (4, 2, False)
        for bad in (
            "state=lost",
            "event=nope",
            "link_id=1",
            "limit=0",
            "cursor=!",
            "nope=1",
            "state=failed&state=failed",
        ):
            await api.ask("GET", f"{log}?{bad}", status=400)


async def test_a_range_is_sent_again_and_a_switched_off_endpoint_refuses_it(api: Api) -> None:
    async with receiver() as shop:
        made = await api.made(url=shop.url, events=["*"])
        hooks = api.hooks
        begin = hooks.now
        await hooks.take(*(hooks.fact(paid(org_id=hooks.owner.org_id, livemode=False)) for _ in range(5)))
        await hooks.send_all()
        path = f"{ROOT}/{made['id']}/redeliver"
        window = {"from": begin.isoformat(), "to": (begin + timedelta(hours=1)).isoformat()}
        assert await api.ask("POST", path, window, status=202) == {"count": 0, "next_after": None}
        done = await api.ask("POST", path, window | {"only_failed": False}, status=202)
        assert done == {"count": 5, "next_after": None}
        await hooks.send_all()
        assert len(shop.arrived) == 10
        assert len(set(shop.ids)) == 5
        for bad in (
            {},
            {"from": begin.isoformat()},
            {"from": "yesterday", "to": begin.isoformat()},
            {"from": window["to"], "to": window["from"]},
            {"from": "0001-01-01T00:00:00+23:00", "to": window["to"]},
            window | {"only_failed": 1},
        ):
            await api.ask("POST", path, bad, status=400)
        await api.ask("PATCH", f"{ROOT}/{made['id']}", {"enabled": False}, status=200)
        for refused in ("redeliver", "test"):
            body = window if refused == "redeliver" else None
            problem = await api.ask("POST", f"{ROOT}/{made['id']}/{refused}", body, status=409)
            assert problem["code"] == "endpoint_disabled"


async def test_what_is_not_there_or_is_no_id_is_not_found(api: Api) -> None:
    for path in (f"{ROOT}/{new_id()}", f"{ROOT}/nope", f"/v1/webhook-deliveries/{new_id()}", "/v1/webhook-deliveries"):
        assert (await api.ask("GET", path, status=404))["code"] == "not_found"
    await api.ask("DELETE", f"{ROOT}/{new_id()}", status=404)


def test_the_document_describes_every_route_and_no_other() -> None:
    desk = cast("Desk", None)
    app = litestar(parts(merchant=[*endpoints.routes(desk), *deliveries.routes(desk)]))
    served = {
        (method.lower(), re.sub(r":\w+}", "}", route.path))
        for route in app.routes
        for method in getattr(route, "methods", ())
        if route.path.startswith("/v1/webhook") and method != "OPTIONS"
    }
    assert served == {(one.method, one.path) for one in OPERATIONS if one.path.startswith("/v1/webhook")}
    for path, operations in document()["paths"].items():
        assert path.startswith(("/v1/webhook-", "/v1/mails", "/v1/suppressions"))
        for operation in operations.values():
            assert operation["summary"]
