"""A member who is signed in at the dashboard uses checkout's API with the cookie, as far as their role goes."""

import base64
from typing import Any

import httpx

from services.links.domain.member import Login, Role
from services.links.use_cases.session_tokens import SessionTokens
from shared.runtime.csrf import CsrfGuard
from tests.support.checkout import SECRET_KEY, Rig
from tests.support.checkout import rig as rig  # noqa: PLC0414 - a fixture
from tests.support.refunds import Shop

ROOT = base64.urlsafe_b64decode(SECRET_KEY + "=" * (-len(SECRET_KEY) % 4))
LISTS = ("charges", "refunds", "disputes", "callbacks", "provider-accounts", "reconciliations")


class Browser:
    """Of a member who has signed in. What a page of ours would send goes along, but for what a test leaves out."""

    def __init__(self, rig: Rig, shop: Shop, role: Role) -> None:
        self.rig = rig
        self.login: Login = rig.links.signed_in(shop.link.org_id, role)
        self.headers = {
            "cookie": f"theme=dark; session={SessionTokens(ROOT).token_for(self.login, role)}",
            "x-csrf-token": CsrfGuard(ROOT, rig.url).token(self.login.id),
            "origin": rig.url,
            "sec-fetch-site": "same-origin",
        }

    async def send(self, method: str, path: str, body: Any = None, **over: str | None) -> httpx.Response:
        named = self.headers | {name.replace("_", "-"): value for name, value in over.items()}
        headers = {name: value for name, value in named.items() if value is not None}
        return await self.rig.http.request(method, path, json=body, headers=headers)


async def test_a_member_lists_and_refunds_in_parts_and_whole_with_the_cookie(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    owner = Browser(rig, shop, "owner")
    for name in LISTS:
        answer = await owner.send("GET", f"/v1/{name}", x_csrf_token=None, origin=None)
        assert answer.status_code == 200, (name, answer.text)
    listed = (await owner.send("GET", "/v1/charges")).json()["data"]
    assert [one["id"] for one in listed] == [charge]
    part = await owner.send("POST", "/v1/refunds", {"charge_id": charge, "amount_minor": 20_000})
    assert part.status_code == 202, part.text
    assert part.json()["asked_by"] == f"member:{owner.login.member_id}"
    rest = await owner.send("POST", "/v1/refunds", {"charge_id": charge})
    assert (rest.status_code, rest.json()["amount"]["amount_minor"]) == (202, 30_000)
    await shop.until(part.json()["id"], "succeeded")
    await shop.until(rest.json()["id"], "succeeded")
    assert await shop.given_back(charge) == 50_000


async def test_a_viewer_reads_and_changes_nothing(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    viewer = Browser(rig, shop, "viewer")
    for name in LISTS:
        assert (await viewer.send("GET", f"/v1/{name}")).status_code == 200, name
    connect = {"provider": "stripe", "credentials": {}}
    for path, body in (
        ("/v1/refunds", {"charge_id": charge}),
        (f"/v1/charges/{charge}/refund", None),
        (f"/v1/charges/{charge}/accept", None),
        ("/v1/provider-accounts", connect),
    ):
        answer = await viewer.send("POST", path, body)
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden"), path
    assert (await shop.get(f"/v1/refunds?charge={charge}"))["data"] == []


async def test_another_site_cannot_use_the_cookie(rig: Rig) -> None:
    shop = Shop(rig)
    charge = await shop.paid()
    owner, other = Browser(rig, shop, "owner"), Browser(rig, shop, "owner")
    body = {"charge_id": charge}
    for over in (
        {"x_csrf_token": None},
        {"x_csrf_token": ""},
        {"x_csrf_token": "x" * 43},
        {"x_csrf_token": other.headers["x-csrf-token"]},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ):
        answer = await owner.send("POST", "/v1/refunds", body, **over)
        assert (answer.status_code, answer.json()["code"]) == (403, "other_site"), over
    assert (await shop.get(f"/v1/refunds?charge={charge}"))["data"] == []


async def test_only_a_sign_in_that_works_is_a_cookie(rig: Rig) -> None:
    shop = Shop(rig)
    owner = Browser(rig, shop, "owner")
    key = shop.key["authorization"].removeprefix("Bearer ")
    for cookie in ("", "session=", f"session={key}", "session=a.b.c", "other=1", f"session={'x' * 9000}"):
        assert (await owner.send("GET", "/v1/charges", cookie=cookie)).status_code == 401, cookie[:40]
    # Whoever sends a credential in a header means that one.
    assert (await owner.send("GET", "/v1/charges", authorization="Bearer nonsense")).status_code == 401
    del rig.links.members[owner.login.id]
    assert (await owner.send("GET", "/v1/charges")).status_code == 401
