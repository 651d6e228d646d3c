"""A gated link from the request for a code to an open session: three services, the bus, a mail server, a browser."""

import asyncio
import re
from collections.abc import AsyncGenerator

import nats
import pytest

from shared.contracts.subjects import STREAMS
from tests.integration.test_otp_codes import everything
from tests.support import servers
from tests.support.browsing import DESKTOP, PHONE, Visitor, picture
from tests.support.gate import GateRig, gate_rig
from tests.support.otp import BUYER, code_in, wrong_code
from tests.support.servers import Databases, Running


@pytest.fixture(scope="module")
async def gate(
    databases: Databases, nats_server: Running, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[GateRig, None]:
    await servers.forget_streams(nats_server.url)
    async with gate_rig(tmp_path_factory.mktemp("gate"), databases, nats_server.url) as rig:
        yield rig
    await servers.forget_streams(nats_server.url)


async def unlocked(gate: GateRig, link: dict[str, str], email: str = BUYER) -> tuple[str, str]:
    """(code, token)."""
    before = len([mail for mail in gate.mails.mails if mail.to == email])
    asked = await gate.ask(link, email)
    assert asked.status_code == 202, asked.text
    code = code_in(await gate.mail(email, after=before))
    proven = await gate.prove(link, code, email)
    assert proven.status_code == 200, proven.text
    return code, proven.json()["token"]


async def test_a_gated_link_shows_and_sells_nothing_until_the_code_is_given(gate: GateRig) -> None:
    link = await gate.link()
    url = f"/v1/checkout/{link['slug']}"
    for answer in (await gate.http.get(url), await gate.http.post(f"{url}/sessions", json={})):
        assert (answer.status_code, answer.json()["code"]) == (401, "otp_required")
        assert answer.json()["otp_url"] == f"{url}/otp"
        assert BUYER not in answer.text
        assert "Invoice" not in answer.text
    _, token = await unlocked(gate, link)
    bearer = {"authorization": f"Bearer {token}"}
    shown = await gate.http.get(url, headers=bearer)
    assert (shown.status_code, shown.json()["title"]) == (200, "Invoice #123")
    assert BUYER not in shown.text
    opened = await gate.http.post(f"{url}/sessions", json={}, headers=bearer)
    assert opened.status_code == 201, opened.text
    # What one person unlocked is not kept for the next.
    assert (await gate.http.get(url)).status_code == 401


async def test_a_wrong_code_is_refused_and_after_five_the_answer_says_when_to_come_back(gate: GateRig) -> None:
    link = await gate.link("guessed@example.com")
    await gate.ask(link, "guessed@example.com")
    wrong = wrong_code(code_in(await gate.mail("guessed@example.com")))
    answers = [await gate.prove(link, wrong, "guessed@example.com") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 4 + [429] * 2
    assert answers[0].json()["code"] == "otp_rejected"
    assert 3_500 < int(answers[-1].headers["retry-after"]) <= 3_600


async def test_an_address_that_the_link_is_not_for_gets_the_same_answers_and_no_mail(gate: GateRig) -> None:
    link = await gate.link()
    known, unknown = await gate.ask(link), await gate.ask(link, "stranger@example.com")
    assert (known.status_code, known.json().keys()) == (unknown.status_code, unknown.json().keys())
    await gate.mail()
    await asyncio.sleep(0.5)
    assert [mail for mail in gate.mails.mails if mail.to == "stranger@example.com"] == []
    wrong = [await gate.prove(link, "000000", "stranger@example.com") for _ in range(6)]
    assert [answer.status_code for answer in wrong] == [401] * 4 + [429] * 2


async def test_the_token_of_one_link_opens_no_other_and_ends_with_its_recipient(gate: GateRig) -> None:
    link, other = await gate.link(), await gate.link()
    _, token = await unlocked(gate, link)
    bearer = {"authorization": f"Bearer {token}"}
    assert (await gate.http.get(f"/v1/checkout/{other['slug']}", headers=bearer)).status_code == 401
    changed = await gate.native.patch(
        f"/v1/payment-links/{link['id']}", json={"recipient": {"email": "new@example.com"}}
    )
    assert changed.status_code == 200, changed.text
    async with asyncio.timeout(5):
        while (await gate.http.get(f"/v1/checkout/{link['slug']}", headers=bearer)).status_code != 401:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def test_a_token_is_checked_while_links_is_down(gate: GateRig) -> None:
    link = await gate.link()
    _, token = await unlocked(gate, link)
    bearer = {"authorization": f"Bearer {token}"}
    await gate.servers["links"].stop()
    try:
        url = f"/v1/checkout/{link['slug']}"
        assert (await gate.http.get(url, headers=bearer)).status_code == 200
        assert (await gate.http.post(f"{url}/sessions", json={}, headers=bearer)).status_code == 201
        assert (await gate.http.get(url)).status_code == 401
    finally:
        await gate.replace("links")


async def test_a_link_without_a_gate_has_nothing_to_prove(gate: GateRig) -> None:
    link = await gate.link(gate="none")
    answer = await gate.ask(link)
    assert (answer.status_code, answer.json()["code"]) == (409, "not_gated")
    assert (await gate.http.get(f"/v1/checkout/{link['slug']}")).status_code == 200


async def test_a_crash_between_the_intent_and_the_mail_loses_no_code_and_mails_it_once(gate: GateRig) -> None:
    await gate.replace("notify", PAYLINKS_CRASH="mails.claimed")
    link = await gate.link("crash@example.com")
    await gate.ask(link, "crash@example.com")
    assert await gate.servers["notify"].exited() != 0
    await gate.replace("notify")
    code = code_in(await gate.mail("crash@example.com", seconds=25))
    assert len([mail for mail in gate.mails.mails if mail.to == "crash@example.com"]) == 1
    assert (await gate.prove(link, code, "crash@example.com")).status_code == 200


async def test_no_code_is_in_any_stream_table_or_log(gate: GateRig) -> None:
    link = await gate.link("quiet@example.com")
    code, token = await unlocked(gate, link, "quiet@example.com")
    said: list[str] = []
    client = await nats.connect(gate.nats_url)
    try:
        jetstream = client.jetstream()
        for stream in STREAMS:
            state = (await jetstream.stream_info(stream)).state
            sequences = range(state.first_seq or 1, state.last_seq + 1)
            said.extend([(await jetstream.get_msg(stream, sequence)).data.decode() for sequence in sequences])
    finally:
        await client.close()
    assert any("quiet@example.com" in text for text in said)
    kept = [await everything(pool) for pool in gate.pools.values()]
    logs = [server.log.read_text() for server in gate.servers.values()]
    for secret in (f'"{code}"', token):
        assert all(secret not in text for text in (*said, *kept, *logs))
    assert all(code not in text for text in kept)


@pytest.mark.parametrize("javascript", [True, False], ids=["js", "nojs"])
async def test_the_page_goes_from_the_address_to_the_code_to_the_payment(
    gate: GateRig, visitor: Visitor, *, javascript: bool
) -> None:
    email = f"page-{'js' if javascript else 'nojs'}@example.com"
    link = await gate.link(email)
    visitor.expected = {422}
    page = await visitor.open(f"{gate.url}/checkout/{link['slug']}", javascript=javascript)
    assert "Invoice" not in await page.content()
    assert email not in await page.content()
    await page.get_by_label("Email").fill(email)
    await page.get_by_role("button", name="Send the code").click()
    field = page.get_by_label("Six-digit code")
    assert await field.get_attribute("autocomplete") == "one-time-code"
    assert await field.get_attribute("inputmode") == "numeric"
    code = code_in(await gate.mail(email))
    await field.fill(wrong_code(code))
    await page.get_by_role("button", name="Continue to the payment").click()
    assert "not right" in await page.locator("main").inner_text()
    await page.get_by_label("Six-digit code").fill(f"{code[:3]} {code[3:]}")
    await page.get_by_role("button", name="Continue to the payment").click()
    await page.get_by_role("heading", name="Invoice #123").wait_for()
    (cookie,) = [one for one in await page.context.cookies() if one["name"] == "paylinks_gate"]
    assert (cookie["path"], cookie["httpOnly"]) == (f"/checkout/{link['slug']}", True)
    assert visitor.problems == []


async def test_the_page_says_the_same_to_a_right_and_a_wrong_address(gate: GateRig) -> None:
    link = await gate.link()
    url = f"/checkout/{link['slug']}/otp"
    pages = [await gate.http.post(url, data={"step": "email", "email": who}) for who in (BUYER, "stran@example.com")]
    texts = [
        re.sub(r"\d\d:\d\d:\d\dZ", "", page.text.replace(who, "").split("<main")[1].split("</main")[0])
        for page, who in zip(pages, (BUYER, "stran@example.com"), strict=True)
    ]
    assert [page.status_code for page in pages] == [200, 200]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["360", "1280"])
async def test_pictures_of_the_gate(gate: GateRig, visitor: Visitor, size: dict[str, int]) -> None:
    await gate.replace("links", PAYLINKS_OTP_RESEND_SECONDS="60")
    try:
        email, name = f"pic{size['width']}@example.com", f"gate-{size['width']}"
        link = await gate.link(email)
        visitor.expected = {422, 429}
        for javascript, suffix in ((True, ""), (False, "-nojs")):
            page = await visitor.open(f"{gate.url}/checkout/{link['slug']}", viewport=size, javascript=javascript)
            await picture(page, f"{name}-email{suffix}")
            await page.get_by_label("Email").fill(email)
            await page.get_by_role("button", name="Send the code").click()
            await page.get_by_label("Six-digit code").wait_for()
            await picture(page, f"{name}-code{suffix}")
            if javascript:
                assert await page.locator("#again").is_disabled()
                await page.get_by_text("Send another code in 0:5").wait_for()
                await page.get_by_label("Six-digit code").fill("12")
                await page.get_by_role("button", name="Continue to the payment").click()
                await picture(page, f"{name}-wrong")
        assert visitor.problems == []
    finally:
        await gate.replace("links")
