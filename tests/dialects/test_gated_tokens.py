"""Whose tokens open the `gated` dialect, and whose do not."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.links.settings import Settings
from services.links.use_cases.client_keys import (
    AGAIN_SECONDS,
    FRESH_SECONDS,
    STALE_SECONDS_MAX,
    WAITS_AFTER_SECONDS,
    ClientKeys,
    NoKeySet,
    keys_of,
)
from services.links.use_cases.client_trust import trust_of
from services.links.use_cases.clients import SUBJECT_CHARS_MAX
from shared.kernel.faults import Unavailable
from shared.runtime.settings import SettingsError
from tests.conftest import Database
from tests.support.gated import bearer, claims, client
from tests.support.links import GATED_ISSUER, GATED_SECRET, SECRET_KEY, LinksService, Tenant, links_service


@pytest.fixture
def links(shared_links: LinksService) -> LinksService:
    shared_links.ahead = timedelta()
    return shared_links


PRIVATE = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(65537, 2048)
ED = Ed25519PrivateKey.generate()


def jwk(private: Any, kid: str, **over: Any) -> dict[str, Any]:
    kind = {ec.EllipticCurvePrivateKey: "EC", rsa.RSAPrivateKey: "RSA"}
    name = next((name for base, name in kind.items() if isinstance(private, base)), "OKP")
    algorithm = {
        "EC": jwt.algorithms.ECAlgorithm,
        "RSA": jwt.algorithms.RSAAlgorithm,
        "OKP": jwt.algorithms.OKPAlgorithm,
    }[name]
    return {**json.loads(algorithm.to_jwk(private.public_key())), "kid": kid, "use": "sig"} | over


KEY_SET = json.dumps({"keys": [jwk(PRIVATE, "first", alg="ES256"), jwk(RSA, "rsa"), jwk(ED, "ed")]})


@pytest.fixture
async def by_keys(database: Database) -> AsyncGenerator[LinksService]:
    async with links_service(await database("links"), gated_jwt_secret="", gated_jwt_jwks=KEY_SET) as service:
        yield service


async def status(links: LinksService, shop: Tenant, headers: dict[str, str] | None) -> int:
    async with client(links, headers) as caller:
        return (await caller.get(f"/gated/orgs/{shop.organization.id}/payment-links")).status_code


def signed(payload: dict[str, Any], private: Any, algorithm: str, **headers: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {jwt.encode(payload, private, algorithm=algorithm, headers=headers)}"}


async def test_a_token_by_the_shared_secret_is_believed(links: LinksService, shop: Tenant) -> None:
    assert await status(links, shop, bearer(claims(shop, links))) == 200
    assert await status(links, shop, bearer(claims(None, links))) == 200
    assert await status(links, shop, bearer(claims(shop, links, role=None, roles=["viewer", "org-admin"]))) == 200
    assert await status(links, shop, bearer(claims(shop, links, aud=["other", "paylinks"]), kid="any")) == 200


@pytest.mark.parametrize(
    "over",
    [
        {"aud": "another"},
        {"aud": None},
        {"iss": "https://evil.example"},
        {"iss": None},
        {"exp": None},
        {"exp": 1},
        {"exp": "9999999999"},
        {"exp": float("inf")},
        {"exp": float("nan")},
        {"exp": 10**400},
        {"exp": True},
        {"nbf": 9_999_999_999},
        {"iat": 9_999_999_999},
        {"iat": [1]},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a\u0000b"},
        {"sub": "\ud800"},
        {"sub": "x" * (SUBJECT_CHARS_MAX + 1)},
    ],
    ids=str,
)
async def test_a_claim_that_is_missing_or_wrong_is_not_believed(
    links: LinksService, shop: Tenant, over: dict[str, Any]
) -> None:
    payload = json.dumps(claims(shop, links, **over)).encode()
    token = jwt.api_jws.encode(payload, GATED_SECRET, algorithm="HS256")
    assert await status(links, shop, {"Authorization": f"Bearer {token}"}) == 401


@pytest.mark.parametrize(
    ("over", "expected"),
    [
        ({"role": None}, 403),
        ({"role": "viewer"}, 403),
        ({"role": ["org-admin"]}, 403),
        ({"role": None, "roles": "org-admin"}, 403),
        ({"role": None, "roles": [{}, None, 1]}, 403),
        ({"org_id": None}, 403),
        ({"org_id": "kampala"}, 403),
        ({"org_id": 5}, 403),
        ({"org_id": "01939b1e-7c5a-7d3e-9f00-3c6a1b2d4e5f"}, 404),
    ],
    ids=str,
)
async def test_a_role_must_be_named_and_an_organization_be_its_own(
    links: LinksService, shop: Tenant, over: dict[str, Any], expected: int
) -> None:
    assert await status(links, shop, bearer(claims(shop, links, **over))) == expected


async def test_forged_and_misshapen_tokens_are_refused(links: LinksService, shop: Tenant) -> None:
    good = claims(shop, links)
    head, body, signature = bearer(good)["Authorization"].removeprefix("Bearer ").split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    deep = base64.urlsafe_b64encode(b'{"alg":' + b"[" * 2_000).rstrip(b"=").decode()
    odd = base64.urlsafe_b64encode(b'{"alg":["HS256"]}').rstrip(b"=").decode()
    admin = base64.urlsafe_b64encode(json.dumps(good | {"role": "internal-admin"}).encode()).rstrip(b"=").decode()
    for token in (
        f"{none}.{body}.",
        f"{none}.{body}.{signature}",
        f"{deep}.{body}.{signature}",
        f"{odd}.{body}.{signature}",
        f"{head}.{admin}.{signature}",
        f"{head}.{body}.",
        f"{head}.{body}",
        "x" * 20_000,
        "",
        shop.bearer,
    ):
        assert await status(links, shop, {"Authorization": f"Bearer {token}"}) == 401, token[:80]
    for headers in (
        None,
        {"Authorization": "Basic dGVzdDp0ZXN0"},
        {"X-API-Key": shop.bearer},
        bearer(good, secret="another secret that is long enough to sign with"),
        bearer(good, crit=["exp"]),
        bearer(good, typ="payment-link+jwt"),
        signed(good, GATED_SECRET + "!" * 40, "HS512"),
        signed(good, GATED_SECRET + "!" * 40, "HS384"),
        signed(good, PRIVATE, "ES256", kid="first"),
    ):
        assert await status(links, shop, headers) == 401


async def test_a_token_by_a_key_of_the_set_is_believed_and_no_other(by_keys: LinksService) -> None:
    shop = await by_keys.tenant()
    good = claims(shop, by_keys)
    assert await status(by_keys, shop, signed(good, PRIVATE, "ES256", kid="first")) == 200
    assert await status(by_keys, shop, signed(good, RSA, "RS256", kid="rsa")) == 200
    assert await status(by_keys, shop, signed(good, ED, "EdDSA", kid="ed")) == 200
    public = json.loads(KEY_SET)["keys"][0]
    for headers in (
        signed(good, PRIVATE, "ES256"),
        signed(good, PRIVATE, "ES256", kid="second"),
        signed(good, OTHER, "ES256", kid="first"),
        signed(good, RSA, "RS256", kid="first"),
        # Not among the algorithms that are taken by default.
        signed(good, RSA, "PS256", kid="rsa"),
        bearer(good, kid="first"),
        # The public key as if it were a secret (RFC 8725 section 2.1).
        bearer(good, secret=public["x"] + public["y"], kid="first"),
    ):
        assert await status(by_keys, shop, headers) == 401
    # What a token says of its own keys is not looked at.
    assert await status(by_keys, shop, signed(good, OTHER, "ES256", kid="mine", jwk=jwk(OTHER, "mine"))) == 401


class Source:
    def __init__(self) -> None:
        self.sets = [{"keys": [jwk(PRIVATE, "first")]}]
        self.asked = 0
        self.down = False
        self.gate = asyncio.Event()
        self.gate.set()
        self.now = 1_000.0

    async def __call__(self) -> bytes:
        self.asked += 1
        await self.gate.wait()
        if self.down:
            raise Unavailable("key_set")
        return json.dumps(self.sets[-1]).encode()

    def keys(self) -> ClientKeys:
        return ClientKeys({}, self, monotonic=lambda: self.now)


async def test_a_set_is_fetched_once_for_many_and_then_kept() -> None:
    source = Source()
    keys = source.keys()
    found = await asyncio.gather(*(keys.find("first") for _ in range(20)))
    assert all(found)
    source.now += FRESH_SECONDS
    await keys.find("first")
    assert source.asked == 1


async def test_a_name_that_nobody_knows_asks_again_but_not_at_once() -> None:
    source = Source()
    keys = source.keys()
    await keys.find("first")
    for _ in range(50):
        assert await keys.find("invented") is None
    assert source.asked == 1
    source.sets.append({"keys": [jwk(PRIVATE, "first"), jwk(OTHER, "second")]})
    source.now += AGAIN_SECONDS
    assert await keys.find("second") is not None
    assert source.asked == 2


async def test_a_set_is_looked_at_again_beside_the_requests_and_what_was_withdrawn_ends() -> None:
    source = Source()
    keys = source.keys()
    await keys.find("first")
    source.now += FRESH_SECONDS + 1
    source.gate.clear()
    source.sets.append({"keys": [jwk(OTHER, "second")]})
    async with asyncio.timeout(1):
        assert await keys.find("first") is not None
    source.gate.set()
    await asyncio.sleep(0.01)
    assert await keys.find("first") is None
    await keys.close()


async def test_an_address_that_does_not_answer_leaves_the_last_set_for_a_day() -> None:
    source = Source()
    keys = source.keys()
    source.down = True
    with pytest.raises(Unavailable):
        await keys.find("first")
    source.down = False
    source.now += AGAIN_SECONDS
    assert await keys.find("first") is not None
    source.down = True
    source.now += WAITS_AFTER_SECONDS + 1
    assert await keys.find("first") is not None
    source.now += STALE_SECONDS_MAX
    with pytest.raises(Unavailable):
        await keys.find("first")


async def test_an_unusable_set_does_not_replace_the_last_one() -> None:
    source = Source()
    keys = source.keys()
    await keys.find("first")
    source.sets.append({"keys": []})
    source.now += WAITS_AFTER_SECONDS + 1
    assert await keys.find("first") is not None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b'{"keys": {}}',
        b'{"keys": [1, null, {}]}',
        b'{"keys": [{"kty": "oct", "kid": "a", "k": "c2VjcmV0"}]}',
        json.dumps({"keys": [jwk(PRIVATE, "a", use="enc")]}).encode(),
        json.dumps({"keys": [jwk(PRIVATE, "a", alg="HS256")]}).encode(),
        json.dumps({"keys": [jwk(PRIVATE, "a", x="!!")]}).encode(),
        json.dumps({"keys": [jwk(PRIVATE, "a", d="AAAA")]}).encode(),
        json.dumps({"keys": [jwk(rsa.generate_private_key(65537, 1024), "a")]}).encode(),
    ],
)
def test_a_set_without_a_usable_key_is_none(raw: bytes) -> None:
    with pytest.raises(NoKeySet):
        keys_of(raw)


def settings(**over: Any) -> Settings:
    said = {"http_port": 1, "postgres_dsn": "", "nats_url": "", "public_url": "", "secret_key": SECRET_KEY}
    return Settings(**{**said, "gated_jwt_issuer": GATED_ISSUER, **over})


def test_nothing_set_believes_nobody() -> None:
    trust = trust_of(settings(gated_jwt_issuer=""))
    assert (trust.secret, trust.keys, trust.algorithms) == (None, None, frozenset())


@pytest.mark.parametrize(
    "over",
    [
        {"gated_jwt_secret": "short"},
        {"gated_jwt_secret": GATED_SECRET, "gated_jwt_issuer": ""},
        {"gated_jwt_secret": GATED_SECRET, "gated_jwt_algorithms": "RS256"},
        {"gated_jwt_secret": GATED_SECRET, "gated_jwt_algorithms": "none"},
        {"gated_jwt_jwks": KEY_SET, "gated_jwt_algorithms": "HS256"},
        {"gated_jwt_jwks": "{}"},
        {"gated_jwt_jwks": KEY_SET, "gated_jwt_jwks_url": "https://issuer.example/jwks.json"},
        {"gated_jwt_jwks_url": "http://issuer.example/jwks.json"},
        {"gated_jwt_jwks_url": "http://127.0.0.1/jwks.json"},
        {"gated_jwt_jwks_url": "file:///etc/passwd"},
    ],
    ids=lambda settings: "+".join(sorted(settings)) or "none",
)
def test_settings_that_cannot_be_meant_stop_the_start(over: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="PAYLINKS_GATED_JWT"):
        trust_of(settings(**over))


async def test_keys_are_read_from_the_address_that_is_set_and_a_missing_answer_is_503(database: Database) -> None:
    answers = [b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n"]

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers[-1])
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/jwks.json"
    dsn = await database("links")
    async with server:
        headers: dict[str, str] = {}
        for expected, answer in (
            (503, answers[0]),
            (503, b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + b" " * 100_000),
            (200, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(KEY_SET), KEY_SET.encode())),
        ):
            answers.append(answer)
            async with links_service(dsn, gated_jwt_secret="", gated_jwt_jwks_url=url) as service:
                shop = await service.tenant()
                headers = signed(claims(shop, service), PRIVATE, "ES256", kid="first")
                assert await status(service, shop, headers) == expected


async def test_tokens_work_a_moment_past_their_end_and_no_longer(links: LinksService, shop: Tenant) -> None:
    headers = bearer(claims(shop, links))
    links.ahead += timedelta(hours=1, seconds=10)
    assert await status(links, shop, headers) == 200
    links.ahead += timedelta(seconds=30)
    assert await status(links, shop, headers) == 401


async def test_a_refusal_says_what_to_send(links: LinksService) -> None:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(links.app), base_url="http://links") as anybody:
        answer = await anybody.post("/gated/payment-links", json={})
    assert answer.json()["error"]["code"] == "unauthorized"
    assert "Bearer" in answer.json()["error"]["message"]
