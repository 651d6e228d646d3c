"""The dashboard's forms, as a browser and as an attacker send them."""

import re
from collections.abc import AsyncGenerator

import httpx
import pytest

from services.links.dashboard.guard import FIELD
from services.links.use_cases.sign_in import PER_ADDRESS
from tests.support.links import PUBLIC_URL, LinksService
from tests.support.members import Someone, someone

LOGIN, HOME, LOGOUT = "/dashboard/login", "/dashboard", "/dashboard/logout"


@pytest.fixture
async def owner(service: LinksService) -> Someone:
    return await someone(service, await service.tenant())


@pytest.fixture
async def browser(service: LinksService) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(service.app), base_url=PUBLIC_URL) as client:
        yield client


def token_in(page: httpx.Response) -> str:
    found = re.search(rf'name="{FIELD}" value="([^"]+)"', page.text)
    assert found
    return found[1]


async def fill_in(browser: httpx.AsyncClient, email: str, password: str, **headers: str) -> httpx.Response:
    token = token_in(await browser.get(LOGIN))
    return await browser.post(LOGIN, data={FIELD: token, "email": email, "password": password}, headers=headers)


async def test_a_member_signs_in_and_out(browser: httpx.AsyncClient, owner: Someone) -> None:
    assert (await browser.get(HOME)).headers["location"] == LOGIN
    sent = await fill_in(browser, owner.email, owner.password, Origin=PUBLIC_URL, **{"Sec-Fetch-Site": "same-origin"})
    assert (sent.status_code, sent.headers["location"]) == (303, HOME)
    assert {"Path=/", "Max-Age=43199", "HttpOnly", "SameSite=Lax", "Secure"} <= {
        part.replace("43200", "43199") for part in sent.headers["set-cookie"].split("; ")
    }
    home = await browser.get(HOME)
    assert "<strong>Amina Okello</strong>" in home.text
    assert "<strong>Kampala Coffee</strong>" in home.text
    assert home.headers["cache-control"] == "private, no-store"
    assert re.search(r'<meta name="csrf-token" content="[A-Za-z0-9_-]{43}">', home.text)
    assert (await browser.get(LOGIN)).headers["location"] == HOME
    stolen = dict(browser.cookies)
    gone = await browser.post(LOGOUT, data={FIELD: token_in(home)})
    assert gone.headers["location"] == LOGIN
    assert "session=; " in gone.headers["set-cookie"]
    again = await browser.get(HOME, headers={"Cookie": f"session={stolen['session']}"})
    assert again.headers["location"] == LOGIN


@pytest.mark.parametrize(
    ("email", "password", "status", "says"),
    [
        (None, "wrong", 401, "email or the password is wrong"),
        ("nobody@example.com", "wrong", 401, "email or the password is wrong"),
        ("<b>@example.com", "wrong", 401, "&lt;b&gt;@example.com"),
        (None, "", 400, "Fill in your email and your password"),
        ("", "x", 400, "Fill in your email and your password"),
    ],
)
async def test_a_refused_form_says_what_to_do_and_keeps_the_address(
    browser: httpx.AsyncClient, owner: Someone, *, email: str | None, password: str, status: int, says: str
) -> None:
    answer = await fill_in(browser, owner.email if email is None else email, password)
    assert answer.status_code == status
    assert says in answer.text
    assert "session=" not in answer.headers.get("set-cookie", "")
    assert password == "" or f'value="{password}"' not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": PUBLIC_URL},
    ],
)
async def test_a_form_that_another_site_sends_signs_nobody_in(
    browser: httpx.AsyncClient, owner: Someone, headers: dict[str, str]
) -> None:
    answer = await fill_in(browser, owner.email, owner.password, **headers)
    assert answer.status_code == 403
    assert "came from another page" in answer.text
    assert "session=" not in answer.headers.get("set-cookie", "")


async def test_a_form_without_its_token_or_its_cookie_signs_nobody_in(
    browser: httpx.AsyncClient, owner: Someone
) -> None:
    token = token_in(await browser.get(LOGIN))
    body = {"email": owner.email, "password": owner.password}
    assert (await browser.post(LOGIN, data=body)).status_code == 403
    browser.cookies.clear()
    assert (await browser.post(LOGIN, data=body | {FIELD: token})).status_code == 403


@pytest.mark.parametrize("planted", ["a%0d%0aX-Evil:%201", '"a\\015\\012b"', "a%3B%20Domain=evil.example", "%E2%82%AC"])
async def test_a_planted_cookie_writes_no_header(browser: httpx.AsyncClient, planted: str) -> None:
    answer = await browser.get(LOGIN, headers={"Cookie": f"paylinks_form={planted}"})
    assert (answer.status_code, "evil" in str(answer.headers).lower()) == (200, False)
    assert re.match(r"paylinks_form=[A-Za-z0-9_-]{22}; Path=/dashboard; ", answer.headers["set-cookie"])


async def test_nobody_is_signed_out_by_another_site(browser: httpx.AsyncClient, owner: Someone) -> None:
    await fill_in(browser, owner.email, owner.password)
    token = token_in(await browser.get(HOME))
    await browser.post(LOGOUT)
    await browser.post(LOGOUT, data={FIELD: token}, headers={"Origin": "https://evil.example"})
    assert (await browser.get(HOME)).status_code == 200


async def test_too_many_wrong_ones_are_told_how_long_to_wait(browser: httpx.AsyncClient, owner: Someone) -> None:
    for _ in range(PER_ADDRESS):
        await fill_in(browser, owner.email, "wrong")
    answer = await fill_in(browser, owner.email, owner.password)
    assert (answer.status_code, f"Wait {answer.headers['retry-after']} seconds" in answer.text) == (429, True)


async def test_what_is_no_form_is_answered_with_a_page(browser: httpx.AsyncClient) -> None:
    for raw in (b"\xff", b"&".join(b"a%d=1" % n for n in range(50)), b"a" * 9000):
        answer = await browser.post(LOGIN, content=raw)
        assert answer.status_code == 404
        assert "<h1>" in answer.text


async def test_an_address_that_leads_nowhere_is_answered_with_a_page(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/dashboard/links/42")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "We cannot find this page" in answer.text
    assert '<a class="btn main" href="/dashboard">Dashboard</a>' in answer.text


async def test_the_page_speaks_the_language_that_is_asked_for(browser: httpx.AsyncClient) -> None:
    assert "Se connecter" in (await browser.get(LOGIN, params={"lang": "fr"})).text
    assert "Se connecter" in (await browser.get(LOGIN)).text


async def test_a_page_runs_nothing_and_is_framed_by_nobody(browser: httpx.AsyncClient) -> None:
    policy = (await browser.get(LOGIN)).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "form-action 'self'" in policy
