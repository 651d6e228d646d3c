"""The page where somebody who is invited joins, as a browser and as an attacker open it."""

import re
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest

from services.links.dashboard.guard import FIELD
from services.links.use_cases.sign_in import PER_ADDRESS
from tests.support.links import PUBLIC_URL, LinksService, Tenant, links_service
from tests.support.members import PASSWORD, someone
from tests.support.servers import Databases

PAGE, HOME = "/dashboard/invitation", "/dashboard"
EMAIL = "okello@example.com"
OURS = {"Origin": PUBLIC_URL, "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(scope="module")
async def service(databases: Databases) -> AsyncGenerator[LinksService]:
    dsn = await databases.clone("links")
    async with links_service(dsn) as running:
        running.app.state.dashboard = msgspec.structs.replace(running.app.state.dashboard, clock=running.now)
        yield running
    await databases.drop(dsn)


@pytest.fixture(autouse=True)
def today(service: LinksService) -> None:
    service.ahead = timedelta()


@pytest.fixture
async def tenant(service: LinksService) -> Tenant:
    return await service.tenant()


@pytest.fixture
async def browser(service: LinksService) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service.app), base_url=PUBLIC_URL) as client:
        yield client


async def invite(tenant: Tenant, email: str | None = None) -> dict[str, Any]:
    email = email or f"okello-{tenant.organization.id.hex}@example.com"
    made = await tenant.client.post("/v1/members", json={"email": email, "name": "O. Okello", "role": "staff"})
    assert made.status_code == 201, made.text
    return made.json()


async def opened(browser: httpx.AsyncClient, url: str) -> httpx.Response:
    return await browser.get(url, follow_redirects=True)


async def joined(
    browser: httpx.AsyncClient, page: httpx.Response, headers: dict[str, str] | None = None, **fields: str
) -> httpx.Response:
    found = re.search(rf'name="{FIELD}" value="([^"]+)"', page.text)
    body = {FIELD: found[1] if found else "", "name": "Okello James", "password": PASSWORD} | fields
    return await browser.post(PAGE, data=body, headers=OURS | (headers or {}))


async def test_somebody_new_says_a_name_and_a_password_and_is_signed_in(
    service: LinksService, tenant: Tenant, browser: httpx.AsyncClient
) -> None:
    made = await invite(tenant)
    assert made["invitation_url"] == f"{PUBLIC_URL}{PAGE}?token={made['invitation']}"
    first = await browser.get(made["invitation_url"])
    assert (first.status_code, first.headers["location"]) == (303, PAGE)
    cookie = first.headers["set-cookie"]
    assert {f"Path={PAGE}", "HttpOnly", "Secure", "SameSite=Lax"} <= set(cookie.split("; "))
    page = await browser.get(PAGE)
    assert (page.status_code, made["invitation"] in page.text) == (200, False)
    for said in ("Join Kampala Coffee", made["email"], "Staff", 'value="O. Okello"', 'autocomplete="new-password"'):
        assert said in page.text
    sent = await joined(browser, page)
    assert (sent.status_code, sent.headers["location"]) == (303, HOME)
    assert "paylinks_invitation" not in browser.cookies
    assert "<strong>Okello James</strong>" in (await browser.get(HOME)).text
    signed_in = await httpx.AsyncClient(transport=httpx.ASGITransport(service.app), base_url=PUBLIC_URL).post(
        "/v1/login", json={"email": made["email"], "password": PASSWORD}
    )
    assert (signed_in.status_code, signed_in.json()["member"]["name"]) == (201, "Okello James")


async def test_somebody_with_a_password_joins_with_it_and_keeps_the_name(
    service: LinksService, tenant: Tenant, browser: httpx.AsyncClient
) -> None:
    other = await someone(service, await service.tenant())
    page = await opened(browser, (await invite(tenant, other.email))["invitation_url"])
    assert "You have a Paylinks password already" in page.text
    assert 'id="name"' not in page.text
    wrong = await joined(browser, page)
    assert (wrong.status_code, "not your Paylinks password" in wrong.text) == (401, True)
    sent = await joined(browser, page, password=other.password, name="Somebody Else")
    assert sent.status_code == 303
    assert "<strong>Amina Okello</strong>" in (await browser.get(HOME)).text


async def test_looking_at_an_invitation_does_not_use_it(tenant: Tenant, browser: httpx.AsyncClient) -> None:
    made = await invite(tenant)
    for _ in range(3):
        page = await opened(browser, made["invitation_url"])
    assert (await tenant.client.get(f"/v1/members/{made['id']}")).json()["status"] == "invited"
    assert (await joined(browser, page)).status_code == 303


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"password": ""}, "Fill in every field"),
        ({"name": " "}, "Fill in every field"),
        ({"password": "short"}, "at least 10 characters"),
        ({"password": "x" * 300}, "at least 10 characters"),
        ({"password": "aaaaaaaaaaaa"}, "four different characters"),
        ({"name": "4242 4242 4242 4242"}, "This name cannot be used"),
        ({"name": "Oke\x07llo"}, "This name cannot be used"),
        ({"name": "N" * 101}, "This name cannot be used"),
    ],
)
async def test_what_cannot_be_is_said_and_the_rest_is_kept(
    tenant: Tenant, browser: httpx.AsyncClient, fields: dict[str, str], says: str
) -> None:
    page = await opened(browser, (await invite(tenant))["invitation_url"])
    answer = await joined(browser, page, **({"name": "Kept Name"} | fields))
    assert (answer.status_code, says in answer.text) == (400, True)
    assert 'role="alert"' in answer.text
    assert ('value="Kept Name"' in answer.text) == ("name" not in fields)
    assert PASSWORD not in answer.text
    assert "session=" not in answer.headers.get("set-cookie", "")
    assert (await joined(browser, answer)).status_code == 303


async def test_the_password_is_not_the_address(tenant: Tenant, browser: httpx.AsyncClient) -> None:
    made = await invite(tenant)
    answer = await joined(browser, await opened(browser, made["invitation_url"]), password=made["email"])
    assert (answer.status_code, "must not be your email" in answer.text) == (400, True)


async def test_a_used_an_expired_and_an_unknown_invitation_are_told_apart(
    service: LinksService, tenant: Tenant, browser: httpx.AsyncClient
) -> None:
    used = await invite(tenant)
    assert (await joined(browser, await opened(browser, used["invitation_url"]))).status_code == 303
    browser.cookies.clear()
    again = await opened(browser, used["invitation_url"])
    assert (again.status_code, "was used already" in again.text, 'href="/dashboard"' in again.text) == (410, True, True)
    late = await invite(tenant, EMAIL)
    page = await opened(browser, late["invitation_url"])
    service.ahead = timedelta(days=7, minutes=1)
    for answer in (await opened(browser, late["invitation_url"]), await joined(browser, page)):
        assert (answer.status_code, "has expired" in answer.text) == (410, True)
    service.ahead = timedelta()
    assert (await tenant.client.delete(f"/v1/members/{late['id']}")).status_code == 200
    for url in (late["invitation_url"], f"{PAGE}?token=pli_{'x' * 43}"):
        answer = await opened(browser, url)
        assert (answer.status_code, "do not know this invitation" in answer.text) == (404, True)


@pytest.mark.parametrize(
    "query", ["", "?token=", "?token=x", "?token=pli_", "?token=pli_%0d%0aA", "?token=pli_;Path=/"]
)
async def test_what_is_no_invitation_is_answered_with_a_page_and_put_into_no_cookie(
    browser: httpx.AsyncClient, query: str
) -> None:
    answer = await browser.get(PAGE + query)
    assert (answer.status_code, "do not know this invitation" in answer.text) == (404, True)
    assert "set-cookie" not in answer.headers
    sent = await browser.post(PAGE, data={"password": PASSWORD})
    assert sent.status_code == 404


async def test_the_api_says_why_an_invitation_does_not_work(service: LinksService, tenant: Tenant) -> None:
    invitation = (await invite(tenant))["invitation"]
    accept = {"invitation": invitation, "password": PASSWORD, "name": "Okello James"}
    assert (await tenant.client.post("/v1/login/invitation", json=accept)).json()["member"]["name"] == "Okello James"
    for sent, reason in ((accept, "used"), (accept | {"invitation": "pli_x"}, "unknown")):
        refused = await tenant.client.post("/v1/login/invitation", json=sent)
        assert (refused.status_code, refused.json()["code"], refused.json()["reason"]) == (
            409,
            "invitation_ended",
            reason,
        )


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"}]
)
async def test_another_site_makes_nobody_join(
    tenant: Tenant, browser: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    page = await opened(browser, (await invite(tenant))["invitation_url"])
    answer = await joined(browser, page, headers)
    assert (answer.status_code, "came from another page" in answer.text) == (403, True)


async def test_a_form_joins_only_the_organization_that_it_names(
    service: LinksService, tenant: Tenant, browser: httpx.AsyncClient
) -> None:
    first = await opened(browser, (await invite(tenant))["invitation_url"])
    other = await service.tenant()
    await opened(browser, (await invite(other, EMAIL))["invitation_url"])
    answer = await joined(browser, first)
    assert (answer.status_code, "came from another page" in answer.text) == (403, True)


async def test_passwords_are_tried_a_bounded_number_of_times(
    service: LinksService, tenant: Tenant, browser: httpx.AsyncClient
) -> None:
    other = await someone(service, await service.tenant())
    page = await opened(browser, (await invite(tenant, other.email))["invitation_url"])
    statuses = [(await joined(browser, page, password="wrong one")).status_code for _ in range(PER_ADDRESS)]
    assert statuses == [401] * PER_ADDRESS
    limited = await joined(browser, page, password=other.password)
    assert (limited.status_code, f"Wait {limited.headers['retry-after']} seconds" in limited.text) == (429, True)


async def test_the_page_speaks_the_reader_s_language_and_runs_nothing(
    tenant: Tenant, browser: httpx.AsyncClient
) -> None:
    await opened(browser, (await invite(tenant))["invitation_url"])
    page = await browser.get(PAGE, params={"lang": "fr"})
    assert "Rejoindre Kampala Coffee" in page.text
    policy = page.headers["content-security-policy"]
    nonce = re.search(r"script-src 'nonce-([^']+)'", policy)
    assert nonce
    assert f'<style nonce="{nonce[1]}">' in page.text
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    unknown = await browser.get(f"{PAGE}?token=x&lang=sw")
    assert "Hatuujui mwaliko huu" in unknown.text
    assert urlsplit(made_language_link(page.text)).path == PAGE


def made_language_link(text: str) -> str:
    found = re.search(r'href="([^"]+\?lang=rw)"', text)
    assert found
    return found[1]
