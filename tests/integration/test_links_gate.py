"""The gate at links: who may ask for a code how often, what is told about it, and the tokens that follow."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import jwt
import pytest

from services.links.domain.link import Link
from services.links.domain.pace import Limits, Pace
from services.links.domain.signing_key import AHEAD, BELIEVED_FOR, SIGNS_FOR, TOKEN_LIFETIME
from services.links.store import links as link_store
from services.links.use_cases.otp import ANSWER_SECONDS, Otp, OtpRejected
from services.links.use_cases.signing_keys import SigningKeys
from shared.contracts.otp import NO_ORGANIZATION, OtpRefused, OtpVerified, VerifyOtpReply
from shared.kernel.faults import Invalid
from shared.kernel.ids import new_id
from shared.kernel.moment import utc_now
from shared.runtime import link_tokens
from shared.runtime.limits import RateLimited
from shared.runtime.secrets import sealer
from tests.support.links import PUBLIC_URL, LinksService, Tenant

BUYER = "amina@example.com"
CODE = "481516"


@dataclass
class NotifyStub:
    """Believes CODE."""

    asked: list[tuple[Any, ...]] = field(default_factory=list)
    refusal: OtpRefused = field(default_factory=lambda: OtpRefused(reason="wrong"))

    async def verify(self, email: str, code: str, *, org_id: UUID | None, link_id: UUID | None) -> VerifyOtpReply:
        self.asked.append((email, code, org_id, link_id))
        return self._said(email) if code == CODE else self.refusal

    async def just_verified(self, email: str, code: str) -> OtpVerified | None:
        return self._said(email) if code == CODE else None

    def _said(self, email: str) -> OtpVerified:
        return OtpVerified(challenge_id=new_id(), email=email, verified_at=utc_now())


class Desk:
    def __init__(self, service: LinksService, tenant: Tenant, limits: Limits) -> None:
        self.service, self.tenant = service, tenant
        self.notify = NotifyStub()
        self.keys = SigningKeys(service.pg, sealer(b"s" * 32, "signing-keys"), issuer=PUBLIC_URL)
        self.otp = Otp(
            service.pg,
            notify=self.notify,  # type: ignore[arg-type]
            keys=self.keys,
            pace=Pace(b"p" * 32, limits),
            test_mode=False,
            committed=lambda: None,
        )

    async def link(self, email: str = BUYER) -> Link:
        made = await self.tenant.make(gate="otp", recipient={"email": email})
        return await self.read(UUID(made["id"]))

    async def read(self, link_id: UUID) -> Link:
        link = await link_store.find(self.service.pg, link_id, org_id=self.tenant.organization.id, livemode=False)
        assert link is not None
        return link

    async def ask(self, email: str = BUYER, **over: Any) -> Any:
        return await self.otp.request_otp(email, now=self.service.now(), **over)

    async def token(self, email: str = BUYER, **over: Any) -> str:
        return (await self.otp.verify_otp(email, CODE, now=self.service.now(), **over)).token

    async def opens(self, token: str, link: Link) -> bool:
        return await self.otp.verify_payment_link_token(token, await self.read(link.id), now=self.service.now())

    async def requests(self) -> list[dict[str, Any]]:
        return [data for name, data in await self.service.facts() if name == "links.otp.requested"]


@pytest.fixture
async def desk(service: LinksService) -> Desk:
    return Desk(service, await service.tenant(), Limits())


async def test_a_known_and_an_unknown_address_get_the_same_answer_and_each_leaves_one_fact(desk: Desk) -> None:
    link = await desk.link()
    known = await desk.ask(" Amina@Example.com ", link_id=link.id, org_id=link.org_id)
    unknown = await desk.ask("nobody@example.com", link_id=link.id, org_id=link.org_id)
    assert known.resend_at - known.expires_at == unknown.resend_at - unknown.expires_at
    first, second = await desk.requests()
    assert first.keys() == second.keys()
    assert (first["email"], first["known"], first["merchant_name"]) == (BUYER, True, "Kampala Coffee")
    assert (second["email"], second["known"]) == ("nobody@example.com", False)
    assert "code" not in first


async def test_without_a_link_any_gated_link_of_the_address_counts(desk: Desk) -> None:
    await desk.ask()
    await desk.link()
    desk.service.ahead = timedelta(minutes=2)
    await desk.ask()
    before, after = await desk.requests()
    assert (before["known"], before["org_id"]) == (False, str(NO_ORGANIZATION))
    assert (after["known"], after["org_id"]) == (True, str(desk.tenant.organization.id))


@pytest.mark.parametrize("change", ["ended", "expired", "open", "other"])
async def test_nobody_waits_at_a_link_that_is_over_open_or_for_another(desk: Desk, change: str) -> None:
    link = await desk.link("other@example.com" if change == "other" else BUYER)
    statement = {
        "ended": "UPDATE link SET ended_at = now(), ended_as = 'revoked'",
        "expired": "UPDATE link SET expires_at = now()",
        "open": "UPDATE link SET gate_otp = false",
        "other": "SELECT 1",
    }[change]
    await desk.service.pg.execute(statement)
    await desk.ask(link_id=link.id)
    assert [fact["known"] for fact in await desk.requests()] == [False]


async def test_another_code_may_be_asked_for_after_a_minute_and_five_times_an_hour(desk: Desk) -> None:
    waits: list[int] = []
    for _ in range(5):
        await desk.ask()
        with pytest.raises(RateLimited) as refused:
            await desk.ask()
        waits.append(refused.value.retry_after_seconds)
        desk.service.ahead += timedelta(seconds=61)
    assert all(58 <= seconds <= 60 for seconds in waits[:4])
    with pytest.raises(RateLimited) as refused:
        await desk.ask()
    assert 3_200 < refused.value.retry_after_seconds <= 3_600
    desk.service.ahead += timedelta(seconds=refused.value.retry_after_seconds)
    await desk.ask()
    assert len(await desk.requests()) == 6


async def test_of_many_requests_at_once_for_one_address_one_goes_through(desk: Desk) -> None:
    answers = await asyncio.gather(*(desk.ask() for _ in range(20)), return_exceptions=True)
    assert sum(not isinstance(answer, RateLimited) for answer in answers) == 1
    assert len(await desk.requests()) == 1


async def test_places_and_organizations_are_limited_too(desk: Desk) -> None:
    strict = Desk(desk.service, desk.tenant, Limits(per_ip_per_hour=2, per_organization_per_hour=3))
    for number in range(2):
        await strict.ask(f"buyer{number}@example.com", client_ip="203.0.113.7")
    with pytest.raises(RateLimited):
        await strict.ask("buyer3@example.com", client_ip="203.0.113.7")
    await strict.ask("buyer3@example.com", client_ip="203.0.113.8")
    org_id = desk.tenant.organization.id
    for number in range(3):
        await strict.ask(f"guest{number}@example.com", org_id=org_id)
    with pytest.raises(RateLimited):
        await strict.ask("guest4@example.com", org_id=org_id)


async def test_the_table_of_limits_names_nobody(desk: Desk) -> None:
    await desk.ask(client_ip="203.0.113.7")
    rows = await desk.service.pg.fetch("SELECT name FROM otp_ask")
    assert all(len(row["name"]) == 32 for row in rows)
    await desk.otp.forget_asks(desk.service.now() + timedelta(hours=1, seconds=1))
    assert await desk.service.pg.fetchval("SELECT count(*) FROM otp_ask") == 0


async def test_every_answer_takes_the_same_time(desk: Desk) -> None:
    link = await desk.link()
    loop = asyncio.get_running_loop()
    for email in (BUYER, "nobody@example.com"):
        began = loop.time()
        await desk.ask(email, link_id=link.id)
        assert loop.time() - began >= ANSWER_SECONDS * 0.99


@pytest.mark.parametrize("email", ["", "nobody", "a b@example.com", "a@b.test\r\nBcc: x@y.test", "x" * 250 + "@y.test"])
async def test_what_is_no_address_is_refused(desk: Desk, email: str) -> None:
    with pytest.raises(Invalid):
        await desk.ask(email)


async def test_a_right_code_is_exchanged_for_a_token_of_24_hours(desk: Desk) -> None:
    link = await desk.link()
    token = await desk.token(" Amina@example.com", link_id=link.id, org_id=link.org_id)
    assert desk.notify.asked == [(BUYER, CODE, link.org_id, link.id)]
    header = jwt.get_unverified_header(token)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (header["alg"], header["typ"]) == ("EdDSA", "payment-link+jwt")
    assert (claims["type"], claims["sub"], claims["iss"], claims["aud"]) == (
        "payment_link",
        BUYER,
        PUBLIC_URL,
        "payment_link",
    )
    assert (claims["org_id"], claims["link_id"]) == (str(link.org_id), str(link.id))
    assert claims["exp"] - claims["iat"] == TOKEN_LIFETIME.total_seconds()
    assert await desk.opens(token, link)
    desk.service.ahead = TOKEN_LIFETIME
    assert not await desk.opens(token, link)


async def test_a_wrong_code_is_refused_and_too_many_say_when_to_come_back(desk: Desk) -> None:
    now = desk.service.now()
    with pytest.raises(OtpRejected):
        await desk.otp.verify_otp(BUYER, "000000", now=now)
    desk.notify.refusal = OtpRefused(reason="too_many", retry_at=now + timedelta(minutes=20))
    with pytest.raises(RateLimited) as refused:
        await desk.otp.verify_otp(BUYER, "000000", now=now)
    assert refused.value.retry_after_seconds == 1_200


async def test_a_token_opens_only_the_link_it_names_for_the_address_it_names(desk: Desk) -> None:
    link, other, foreign = await desk.link(), await desk.link(), await desk.link("other@example.com")
    bound = await desk.token(link_id=link.id, org_id=link.org_id)
    free = await desk.token()
    assert [await desk.opens(bound, one) for one in (link, other, foreign)] == [True, False, False]
    assert [await desk.opens(free, one) for one in (link, other, foreign)] == [True, True, False]
    elsewhere = await desk.token(org_id=new_id())
    assert not await desk.opens(elsewhere, link)


async def test_a_token_ends_with_the_link_and_with_its_recipient(desk: Desk) -> None:
    link, revoked = await desk.link(), await desk.link()
    token = await desk.token()
    await desk.service.pg.execute(
        """UPDATE link SET recipient = '{"email": "new@example.com"}' WHERE id = $1""", link.id
    )
    await desk.service.pg.execute("UPDATE link SET ended_at = now(), ended_as = 'revoked' WHERE id = $1", revoked.id)
    assert not await desk.opens(token, link)
    assert not await desk.opens(token, revoked)


async def test_rotated_keys_still_prove_what_they_signed_until_it_runs_out(desk: Desk) -> None:
    link = await desk.link()
    token = await desk.token()
    before = await desk.keys.published(desk.service.now())
    await desk.keys.rotate(desk.service.now())
    newer = await desk.token()
    after = await desk.keys.published(desk.service.now())
    assert jwt.get_unverified_header(token)["kid"] != jwt.get_unverified_header(newer)["kid"]
    assert {key.kid for key in before.keys} < {key.kid for key in after.keys}
    assert await desk.opens(token, link)
    assert await desk.opens(newer, link)
    desk.service.ahead = BELIEVED_FOR + timedelta(minutes=1)
    await desk.keys.tend(desk.service.now())
    left = await desk.keys.published(desk.service.now())
    assert {key.kid for key in left.keys} == {key.kid for key in after.keys} - {key.kid for key in before.keys}


async def test_the_next_key_is_published_a_day_before_it_signs(desk: Desk) -> None:
    await desk.keys.tend(desk.service.now())
    (first,) = (await desk.keys.published(desk.service.now())).keys
    desk.service.ahead = SIGNS_FOR - AHEAD + timedelta(minutes=5)
    await asyncio.gather(*(desk.keys.tend(desk.service.now()) for _ in range(5)))
    listed = (await desk.keys.published(desk.service.now())).keys
    assert len(listed) == 2
    assert jwt.get_unverified_header(await desk.token())["kid"] == first.kid
    desk.service.ahead = SIGNS_FOR + timedelta(minutes=5)
    assert jwt.get_unverified_header(await desk.token())["kid"] != first.kid


async def test_private_keys_are_sealed_at_rest_and_the_public_ones_are_served(desk: Desk) -> None:
    await desk.token()
    row = await desk.service.pg.fetchrow("SELECT * FROM signing_key")
    assert row is not None
    assert len(sealer(b"s" * 32, "signing-keys").decrypt(row["sealed_private"])) == 32
    answer = await desk.tenant.client.get("/.well-known/jwks.json")
    (key,) = answer.json()["keys"]
    assert (key["kid"], key["kty"], key["crv"], key["use"]) == (row["kid"], "OKP", "Ed25519", "sig")
    assert "d" not in key


async def test_tokens_of_another_kind_are_not_taken(desk: Desk) -> None:
    link = await desk.link()
    token = await desk.token()
    keys = {key.kid: key for key in (await desk.keys.published(desk.service.now())).keys}
    claims = jwt.decode(token, options={"verify_signature": False})
    kid = jwt.get_unverified_header(token)["kid"]
    secret = "x" * 32
    forged = [
        jwt.encode(claims, secret, algorithm="HS256", headers={"kid": kid, "typ": link_tokens.TYPE}),
        jwt.encode(claims, None, algorithm="none", headers={"kid": kid, "typ": link_tokens.TYPE}),
        token[:-4] + "AAAA",
        token + "x" * 3_000,
        "",
        "not.a.token",
    ]
    now = desk.service.now()
    assert [link_tokens.read(one, keys, issuer=PUBLIC_URL, now=now) for one in forged] == [None] * len(forged)
    assert link_tokens.read(token, keys, issuer="https://elsewhere.example", now=now) is None
    assert not await desk.opens(forged[0], link)


async def test_a_code_that_was_just_right_proves_the_address_again(desk: Desk) -> None:
    assert await desk.otp.was_just_verified(BUYER, CODE) is not None
    assert await desk.otp.was_just_verified(BUYER, "000000") is None
