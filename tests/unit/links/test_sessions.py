"""Passwords and the tokens of sessions, without a database."""

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest

from services.links.domain.member import Login
from services.links.use_cases import passwords as hashing
from services.links.use_cases.passwords import Passwords
from services.links.use_cases.session_tokens import SessionTokens, set_cookie
from shared.kernel.ids import new_id
from shared.runtime.limits import RateLimited
from shared.runtime.secrets import derive

ROOT = b"r" * 32
NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def login() -> Login:
    return Login(
        id=new_id(),
        member_id=new_id(),
        org_id=new_id(),
        livemode=False,
        kind="token",
        created_at=NOW,
        expires_at=NOW + timedelta(hours=12),
    )


def test_a_token_says_whose_it_is_and_until_when() -> None:
    made = login()
    claims = SessionTokens(ROOT).read(SessionTokens(ROOT).token_for(made, "staff"))
    assert claims is not None
    assert (claims.sub, claims.org, claims.sid, claims.livemode) == (made.member_id, made.org_id, made.id, False)
    assert not claims.expired(NOW + timedelta(hours=11, minutes=59))
    assert claims.expired(NOW + timedelta(hours=12))


def test_a_token_of_another_installation_is_none() -> None:
    assert SessionTokens(ROOT).read(SessionTokens(b"s" * 32).token_for(login(), "owner")) is None


def test_a_token_that_was_changed_is_none() -> None:
    head, body, signature = SessionTokens(ROOT).token_for(login(), "viewer").split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    more = base64.urlsafe_b64encode(json.dumps(claims | {"role": "owner"}).encode()).rstrip(b"=").decode()
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    for bad in (f"{head}.{more}.{signature}", f"{unsigned}.{body}.", f"{head}.{body}.{signature[::-1]}", "a.b.c", ""):
        assert SessionTokens(ROOT).read(bad) is None


@pytest.mark.parametrize("change", [{"aud": "payment_link"}, {"sid": None}, {"sid": "x"}, {"exp": None}, {"org": 1}])
def test_a_signed_token_of_another_kind_is_none(change: dict[str, object]) -> None:
    key = derive(ROOT, "session")
    claims = jwt.decode(SessionTokens(ROOT).token_for(login(), "owner"), options={"verify_signature": False})
    other = {name: value for name, value in (claims | change).items() if value is not None}
    assert SessionTokens(ROOT).read(jwt.encode(other, key, algorithm="HS256")) is None


async def test_a_hash_is_argon2id_with_todays_parameters_and_opens_with_its_password_only() -> None:
    passwords = Passwords()
    made = await passwords.hashed("three quiet rivers")
    assert made.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.fits("three quiet rivers", made)
    assert not await passwords.fits("three quiet river", made)
    assert not await passwords.fits("three quiet rivers", None)
    assert not await passwords.fits("three quiet rivers", "$argon2id$broken")


async def test_a_hash_with_other_parameters_is_outdated_and_still_opens() -> None:
    old = await Passwords(memory_kib=8 * 1024).hashed("three quiet rivers")
    assert Passwords().is_outdated(old)
    assert await Passwords().fits("three quiet rivers", old)


async def test_when_too_many_wait_the_next_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "WAITING_MAX", 0)
    with pytest.raises(RateLimited):
        await Passwords().hashed("three quiet rivers")


def test_the_cookie_is_for_our_own_pages_only_and_secure_over_https() -> None:
    cookie = set_cookie("t", lasts=timedelta(hours=12), secure=True)
    assert cookie == "session=t; Path=/; Max-Age=43200; HttpOnly; SameSite=Lax; Secure"
    assert "Secure" not in set_cookie("t", lasts=timedelta(hours=12), secure=False)
