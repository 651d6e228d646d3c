"""No webhook leads into our own network: addresses, names that lie, redirects and proxies, on real sockets."""

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from services.notify.domain.webhook_attempt import Attempt
from services.notify.domain.webhook_endpoint import URL_CHARS_MAX, check_url
from services.notify.domain.webhook_reach import Reach, embedded, refusal_of
from services.notify.webhooks.guard import Guard, Lookup
from services.notify.webhooks.sender import Sender
from shared.kernel.faults import Invalid
from tests.support.webhooks import answering, receiver

NOW = datetime(2027, 3, 5, 11, 5, tzinfo=UTC)
OURS = [
    "127.0.0.1",
    "127.8.9.10",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.8",
    "198.18.0.1",
    "192.88.99.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a00:1::1",
    "2001::1",
    "2001:db8::1",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "not an address",
]


@pytest.mark.parametrize("address", OURS)
def test_what_is_not_on_the_public_internet_is_refused(address: str) -> None:
    assert refusal_of(address, "global")


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_what_is_on_the_public_internet_is_let_through(address: str) -> None:
    assert refusal_of(address, "global") is None


@pytest.mark.parametrize("address", ["169.254.169.254", "::ffff:169.254.169.254", "0.0.0.0", "fe80::1"])
@pytest.mark.parametrize("reach", ["global", "loopback", "private"])
def test_where_clouds_keep_their_credentials_nothing_is_ever_sent(address: str, reach: Reach) -> None:
    assert refusal_of(address, reach)


def test_a_test_stack_may_reach_its_own_machine_and_no_other() -> None:
    assert refusal_of("127.0.0.1", "loopback") is None
    assert refusal_of("::ffff:127.0.0.1", "loopback") is None
    assert refusal_of("192.168.1.1", "loopback")
    assert refusal_of("192.168.1.1", "private") is None


def test_an_address_inside_another_is_seen() -> None:
    assert embedded(ip_address("64:ff9b::a9fe:a9fe")) == ip_address("169.254.169.254")
    assert embedded(ip_address("2002:7f00:1::")) == ip_address("127.0.0.1")


@pytest.mark.parametrize(
    "url",
    [
        "http://shop.example/hook",
        "ftp://shop.example/hook",
        "//shop.example/hook",
        "https:///hook",
        "https://user:secret@shop.example/hook",
        "https://shop.example/hook#part",
        "https://shop.example\\@10.0.0.1/",
        "https://shop.example/a b",
        "https://shop.example/\x00",
        "https://shop.example:99999/",
        "https://[::1",
        "https://127.0.0.1/hook",
        "https://[::ffff:10.0.0.1]/hook",
        "https://169.254.169.254/latest/meta-data/",
        "https://shop.example/" + "x" * URL_CHARS_MAX,
        "",
    ],
)
def test_a_url_that_cannot_be_right_is_refused_when_it_is_written_down(url: str) -> None:
    with pytest.raises(Invalid):
        check_url(url, reach="global", https_only=True)


def test_a_test_stack_takes_http_to_its_own_machine() -> None:
    check_url("http://127.0.0.1:3000/hook", reach="loopback", https_only=False)
    check_url("https://shop.example:8443/hook?token=x", reach="global", https_only=True)


def saying(*answers: list[str]) -> tuple[Lookup, list[str]]:
    """A name server with these answers, one after another; and what it was asked."""
    asked: list[str] = []

    async def lookup(host: str) -> list[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return lookup, asked


async def attempt(url: str, reach: Reach = "global", lookup: Lookup | None = None, **named: Any) -> Attempt:
    sender = Sender(Guard(reach, lookup), seconds_max=5, **named)
    try:
        return await sender.post(url, b"{}", {"webhook-id": "msg_1"}, at=NOW)
    finally:
        await sender.close()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "[::ffff:127.0.0.1]"]
)
async def test_no_way_of_writing_this_machine_leads_to_it(host: str) -> None:
    async with receiver() as inside:
        port = inside.url.split(":")[2]
        refused = await attempt(f"http://{host}:{port}")
        assert refused.status is None
        assert refused.error
        assert not refused.arrived
        assert inside.arrived == []


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["::ffff:127.0.0.1"]])
async def test_a_name_that_leads_inside_is_refused_however_many_other_addresses_it_has(addresses: list[str]) -> None:
    lookup, _ = saying(addresses)
    async with receiver() as inside:
        refused = await attempt(f"http://shop.example:{inside.url.split(':')[2]}", lookup=lookup)
        assert refused.error
        assert refused.error.startswith("refused: shop.example")
        assert inside.arrived == []


async def test_a_name_that_changes_its_mind_between_check_and_connect_gains_nothing() -> None:
    """The first answer is the one that is checked and connected to; there is no second question to lie to."""
    lookup, asked = saying(["127.0.0.1"], ["10.0.0.1"])
    async with receiver() as shop:
        url = f"http://shop.example:{shop.url.split(':')[2]}"
        sender = Sender(Guard("loopback", lookup))
        assert (await sender.post(url, b"{}", {}, at=NOW)).arrived
        assert asked == ["shop.example"]
        refused = await sender.post(url, b"{}", {}, at=NOW)
        await sender.close()
        assert len(asked) == 2
        assert refused.error == "refused: shop.example leads to an address that is not on the public internet"
        assert len(shop.arrived) == 1


async def test_no_socket_is_made_for_an_address_that_nobody_checked() -> None:
    guard = Guard("global")
    info = (2, 1, 6, "", ("10.0.0.1", 80))
    with pytest.raises(OSError, match="not on the public internet"):
        guard.socket(info)
    await guard.close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_that_is_not_followed(status: int) -> None:
    async with receiver() as inside, receiver(answering(status, location=inside.url)) as shop:
        redirected = await attempt(shop.url, "loopback")
        assert (redirected.status, redirected.arrived) == (status, False)
        assert len(shop.arrived) == 1
        assert inside.arrived == []


async def test_a_proxy_in_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiver() as proxy, receiver() as shop:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert (await attempt(shop.url, "loopback")).arrived
        assert proxy.arrived == []


async def test_tls_is_checked_against_the_name_although_the_connection_goes_to_an_address(tmp_path: Path) -> None:
    ours, trusted = certificates(tmp_path, "shop.example")
    seen: list[tuple[str, str | None]] = []
    ours.sni_callback = lambda _, name, __: seen.append(("sni", name))

    async def note(request: web.Request) -> web.Response:
        seen.append(("host", request.headers["host"]))
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/hook", note)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ours).start()
    port = runner.addresses[0][1]
    lookup, _ = saying(["127.0.0.1"])
    try:
        good = await attempt(f"https://shop.example:{port}/hook", "loopback", lookup, trust=trusted)
        other = await attempt(f"https://other.example:{port}/hook", "loopback", lookup, trust=trusted)
        unknown = await attempt(f"https://shop.example:{port}/hook", "loopback", lookup)
    finally:
        await runner.cleanup()
    assert good.arrived
    assert seen[:2] == [("sni", "shop.example"), ("host", f"shop.example:{port}")]
    for failed in (other, unknown):
        assert failed.error
        assert failed.error.startswith("TLS failed")
    assert len([one for one in seen if one[0] == "host"]) == 1


def certificates(folder: Path, host: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """What a server for `host` has, and what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(pem)
    trusted = ssl.create_default_context(cafile=str(pem))
    return ours, trusted
