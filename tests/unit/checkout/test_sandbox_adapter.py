"""The sandbox provider's wire: signatures, callbacks, and answers that are none."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.checkout.providers.http import HttpClient, NoAnswer, NotConnected
from services.checkout.providers.port import (
    Absent,
    Accepted,
    Account,
    NotSent,
    Order,
    Payment,
    Refused,
    Unknown,
    Unreachable,
)
from services.checkout.providers.sandbox.adapter import Sandbox
from services.checkout.providers.sandbox.signature import is_authentic
from services.checkout.providers.sandbox.wire import request_of, signal_of
from shared.kernel.ids import new_id
from shared.kernel.money import Money
from tests.support.processes import free_port
from tests.unit.checkout.build import NOW

GOLDEN = Path(__file__).parents[2] / "golden" / "sandbox_signature.json"
PAYMENT: dict[str, Any] = {
    "id": "pay_1", "account": "acct_1", "reference": "ref", "status": "succeeded", "amount": 50_000, "currency": "UGX",
    "method": "mobile_money", "phone": "+256772123456", "card": None, "failure_code": None, "next_action": None,
}  # fmt: skip
ACCOUNT = Account(
    id=new_id(), org_id=new_id(), provider="sandbox", livemode=False, external_id="acct_1",
    credentials={"api_key": "sk_secret", "publishable_key": "pk", "webhook_secret": "whsec_secret"},
)  # fmt: skip
ORDER = Order(
    reference="ref", total=Money(50_000, "UGX"), method="mobile_money", phone="+256772123456", card_token=None,
    description="Invoice", callback_url="http://x/c", return_url="http://x/r",
)  # fmt: skip

PAYING = Payment(reference="ref", provider_id=None, method="mobile_money", total=ORDER.total, created_at=NOW)


def callback(**over: Any) -> bytes:
    body = {"id": "evt_1", "type": "payment.succeeded", "account": "acct_1", "created_at": "x", "data": PAYMENT} | over
    return json.dumps(body).encode()


def test_the_signature_agrees_with_the_simulators_vectors() -> None:
    vector = json.loads(GOLDEN.read_text())
    header, body, secret = vector["header"], vector["body"].encode(), vector["secret"]
    at = NOW.fromtimestamp(vector["t"], NOW.tzinfo)
    assert is_authentic(header, body, secret=secret, now=at)
    assert is_authentic(f"t={vector['t']},v1={'0' * 64},v1={vector['v1']}", body, secret=secret, now=at)
    assert not is_authentic(header, body + b" ", secret=secret, now=at)
    assert not is_authentic(header, body, secret=secret + "x", now=at)
    assert not is_authentic(header, body, secret=secret, now=at + timedelta(seconds=301))
    assert not is_authentic(header, body, secret=secret, now=at - timedelta(seconds=301))


@pytest.mark.parametrize("header", [None, "", "t=,v1=", "v1=00", "t=1", "t=1,t=1,v1=00", "t=²,v1=00", "x" * 2_000, "ü"])
def test_a_header_that_is_no_signature_is_refused(header: str | None) -> None:
    assert not is_authentic(header, b"{}", secret="s", now=NOW)


def test_a_callback_is_read_in_our_words() -> None:
    signal = signal_of(callback())
    assert signal is not None
    assert (signal.event_id, signal.state.status, signal.state.total) == ("evt_1", "succeeded", Money(50_000, "UGX"))
    assert signal.state.payer_last4 == "3456"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        callback(type="payment.refunded"),
        callback(type="payment.failed"),
        callback(account="acct_2"),
        callback(id="evt with blanks"),
        callback(data=PAYMENT | {"amount": 50_000.5}),
        callback(data=PAYMENT | {"amount": 0}),
        callback(data=PAYMENT | {"amount": 2**70}),
        callback(data=PAYMENT | {"reference": "x\x00"}),
    ],
)
def test_what_is_no_callback_is_none(body: bytes) -> None:
    assert signal_of(body) is None


@asynccontextmanager
async def answering(answer: Callable[[int], bytes | None]) -> AsyncGenerator[str, None]:
    """A server that reads one request at a time and writes raw bytes; None: it hangs up."""
    count = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                if b"content-length: " in head.lower():
                    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                    await reader.readexactly(length)
                count += 1
                raw = answer(count)
                if raw is None:
                    break
                writer.write(raw)
                await writer.drain()
        except (EOFError, OSError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port := free_port())
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.close()


def raw(status: int, body: Any, *, more: str = "") -> bytes:
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return f"HTTP/1.1 {status} X\r\ncontent-length: {len(content)}\r\n{more}\r\n".encode() + content


def error(code: str, param: str | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": "no", "param": param}}


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (raw(400, error("token_unknown", "card_token")), Refused("token_unknown", "card_token")),
        (raw(401, error("unauthorized")), Refused("unauthorized", None)),
        (raw(400, b"<html>"), Refused("unreadable", None)),
        (raw(409, error("reference_exists")), Unknown(answered=True)),
        (raw(429, error("slow_down")), Unknown(answered=True)),
        (raw(500, b"oops"), Unknown(answered=True)),
        (raw(201, b"{}"), Unknown(answered=False)),
        (b"not HTTP at all\r\n\r\n", Unknown(answered=False)),
        (None, Unknown(answered=False)),
    ],
)
async def test_every_answer_to_a_create_is_one_of_the_closed_union(answer: bytes | None, result: object) -> None:
    async with answering(lambda _: answer) as url:
        sandbox = Sandbox(url, "key", timeout_seconds=2)
        assert await sandbox.create(ACCOUNT, ORDER) == result
        await sandbox.close()


async def test_a_port_where_nobody_listens_means_not_sent() -> None:
    sandbox = Sandbox(f"http://127.0.0.1:{free_port()}", "key", timeout_seconds=2)
    assert await sandbox.create(ACCOUNT, ORDER) == NotSent()
    assert await sandbox.status(ACCOUNT, PAYING) == Unreachable()
    await sandbox.close()


async def test_only_the_providers_own_not_found_means_absent() -> None:
    answers = [
        (raw(404, error("payment_not_found")), Absent()),
        (raw(404, b"<html>a proxy</html>"), Unreachable()),
        (raw(200, b"{}"), Unreachable()),
        (raw(503, b""), Unreachable()),
    ]
    for answer, result in answers:
        async with answering(lambda _, answer=answer: answer) as url:
            sandbox = Sandbox(url, "key", timeout_seconds=2)
            assert await sandbox.status(ACCOUNT, PAYING) == result
            await sandbox.close()


async def test_a_kept_connection_that_died_is_not_the_requests_fault() -> None:
    async with answering(lambda count: None if count == 2 else raw(200, PAYMENT)) as url:
        sandbox = Sandbox(url, "key", timeout_seconds=2)
        for _ in range(2):
            assert isinstance(await sandbox.status(ACCOUNT, PAYING), Accepted)
        await sandbox.close()


async def test_a_request_that_may_have_been_sent_is_never_called_unsent() -> None:
    """The provider dies with our request in hand, and its port is closed when we knock again."""
    server: asyncio.Server

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw(200, PAYMENT))
        await reader.readuntil(b"\r\n\r\n")
        server.close()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", port := free_port())
    sandbox = Sandbox(f"http://127.0.0.1:{port}", "key", timeout_seconds=2)
    assert isinstance(await sandbox.status(ACCOUNT, PAYING), Accepted)
    assert await sandbox.create(ACCOUNT, ORDER) == Unknown(answered=False)
    await sandbox.close()


def test_a_title_of_several_lines_reaches_the_provider_in_one() -> None:
    order = msgspec.structs.replace(ORDER, description="Invoice\r\n\t#123")
    assert request_of(order).description == "Invoice #123"


def test_whoever_comes_back_from_the_bank_is_not_sent_there_again() -> None:
    assert request_of(ORDER).return_url == f"{ORDER.return_url}?sent=1"


async def test_answers_in_chunks_are_read_whole() -> None:
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n"
    async with answering(lambda _: chunked) as url:
        client = HttpClient(url, timeout_seconds=2)
        for _ in range(2):
            assert (await client.send("GET", "/", headers={})).body == b"abcde"
        await client.close()


async def test_an_answer_that_does_not_come_in_time_is_no_answer() -> None:
    async with answering(lambda _: b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab") as url:
        client = HttpClient(url, timeout_seconds=0.2)
        with pytest.raises(NoAnswer):
            await client.send("GET", "/", headers={})
    with pytest.raises(NotConnected):
        await client.send("GET", "/", headers={})
    await client.close()


def test_an_account_never_shows_its_keys() -> None:
    assert "secret" not in repr(ACCOUNT)
