"""The `gated` document with real codes: links, checkout and notify as processes, the bus, and a mail server."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

from shared.kernel.ids import new_id
from shared.kernel.moment import utc_now
from tests.support import servers
from tests.support.gate import GateRig, gate_rig
from tests.support.gated import PATH
from tests.support.links import GATED_ISSUER, GATED_SECRET
from tests.support.otp import code_in, wrong_code
from tests.support.servers import Databases, Running


class Gated:
    """`program` bears a token of the demo organization, `anybody` bears nothing."""

    def __init__(self, rig: GateRig, org_id: str) -> None:
        self.rig = rig
        self.org_id = org_id
        claims: dict[str, Any] = {
            "iss": GATED_ISSUER,
            "aud": "paylinks",
            "sub": "billing",
            "exp": int((utc_now() + timedelta(hours=1)).timestamp()),
            "role": "org-admin",
            "org_id": org_id,
        }
        token = jwt.encode(claims, GATED_SECRET, algorithm="HS256")
        url = str(rig.native.base_url)
        self.program = httpx.AsyncClient(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        self.anybody = httpx.AsyncClient(base_url=url, timeout=30)
        self.email = f"{new_id().hex}@example.com"

    async def made(self, **fields: Any) -> dict[str, Any]:
        answer = await self.program.post(PATH, json={"email": self.email, "org_id": self.org_id} | fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def code(self, **fields: Any) -> str:
        before = len([mail for mail in self.rig.mails.mails if mail.to == self.email])
        answer = await self.anybody.post(f"{PATH}/otp", json={"email": self.email} | fields)
        assert answer.status_code == 200, answer.text
        return code_in(await self.rig.mail(self.email, after=before))

    async def prove(self, code: str, **fields: Any) -> httpx.Response:
        return await self.anybody.put(f"{PATH}/otp", json={"email": self.email, "otp": code} | fields)

    async def page(self, link: dict[str, Any], headers: dict[str, str] | None = None) -> int:
        """What checkout answers to who opens the link, once it knows the link."""
        slug = link["url"].rsplit("/", 1)[1]
        return (await self.rig.http.get(f"/v1/checkout/{slug}", headers=headers)).status_code


@pytest.fixture(scope="module")
async def rig(
    databases: Databases, nats_server: Running, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[GateRig, None]:
    await servers.forget_streams(nats_server.url)
    async with gate_rig(tmp_path_factory.mktemp("gated"), databases, nats_server.url) as running:
        await running.replace("links", PAYLINKS_GATED_JWT_SECRET=GATED_SECRET, PAYLINKS_GATED_JWT_ISSUER=GATED_ISSUER)
        yield running
    await servers.forget_streams(nats_server.url)


@pytest.fixture
async def gated(rig: GateRig) -> AsyncGenerator[Gated, None]:
    org_id = await rig.pools["links"].fetchval("SELECT id FROM organization")
    gated = Gated(rig, str(org_id))
    yield gated
    await gated.program.aclose()
    await gated.anybody.aclose()


async def test_a_code_by_mail_opens_the_whole_object_and_the_page(gated: Gated) -> None:
    link = await gated.made()
    assert await gated.page(link) == 401
    proven = await gated.prove(await gated.code())
    assert proven.status_code == 200, proven.text
    bearer = {"Authorization": f"Bearer {proven.json()['token']}"}
    opened = await gated.anybody.get(f"{PATH}/{link['link_id']}", headers=bearer)
    assert opened.json()["email"] == gated.email
    assert opened.headers["cache-control"] == "no-store"
    assert await gated.page(link, bearer) == 200


async def test_a_code_for_one_link_opens_that_one_only(gated: Gated) -> None:
    link, other = await gated.made(), await gated.made()
    code = await gated.code(link_id=link["link_id"])
    assert (await gated.prove(code)).status_code == 401
    proven = await gated.prove(code, link_id=link["link_id"])
    bearer = {"Authorization": f"Bearer {proven.json()['token']}"}
    assert await gated.page(link, bearer) == 200
    assert await gated.page(other, bearer) == 401


async def test_a_link_made_with_a_live_or_just_verified_code_opens_without_another(gated: Gated) -> None:
    await gated.made()
    live = await gated.code()
    with_live = await gated.made(otp=live)
    again = await gated.made(otp=live)
    for link in (with_live, again):
        shown = (await gated.anybody.get(f"{PATH}/{link['link_id']}")).json()
        assert (shown["verified"], shown["otp_required"]) == (True, False)
        assert await gated.page(link) == 200


async def test_a_code_that_proves_nothing_makes_no_link_and_runs_out(gated: Gated) -> None:
    await gated.made()
    wrong = wrong_code(await gated.code())
    for _ in range(6):
        answer = await gated.program.post(PATH, json={"email": gated.email, "org_id": gated.org_id, "otp": wrong})
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, "otp")
    guesses = [await gated.prove(wrong) for _ in range(2)]
    assert [guess.status_code for guess in guesses] == [429, 429]
    assert int(guesses[0].headers["retry-after"]) > 0


async def test_an_address_that_nobody_waits_for_gets_the_same_answers_and_no_mail(gated: Gated) -> None:
    link = await gated.made()
    known = await gated.anybody.post(f"{PATH}/otp", json={"email": gated.email, "link_id": link["link_id"]})
    stranger = f"{new_id().hex}@example.com"
    unknown = await gated.anybody.post(f"{PATH}/otp", json={"email": stranger, "link_id": link["link_id"]})
    assert (known.status_code, known.json().keys()) == (unknown.status_code, unknown.json().keys())
    assert known.json()["message"] == unknown.json()["message"]
    await gated.rig.mail(gated.email)
    await asyncio.sleep(0.5)
    assert [mail for mail in gated.rig.mails.mails if mail.to == stranger] == []


async def test_a_scheduled_link_is_mailed_once_however_often_its_window_is_asked_for(gated: Gated) -> None:
    quiet = await gated.made()
    due = await gated.made(scheduled_at=(utc_now() + timedelta(days=3)).isoformat())
    window = {"scheduled_at": utc_now().isoformat(), "period": 24 * 4}
    answers = [await gated.program.post(f"{PATH}/scheduled", json=window) for _ in range(2)]
    assert all(due["link_id"] in answer.json()["link_ids"] for answer in answers)
    mail = await gated.rig.mail(gated.email)
    assert due["url"].rsplit("/", 1)[1] in mail.text
    await asyncio.sleep(1)
    assert len([one for one in gated.rig.mails.mails if one.to == gated.email]) == 1
    assert quiet["url"].rsplit("/", 1)[1] not in mail.text
