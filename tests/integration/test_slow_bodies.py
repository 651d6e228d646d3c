"""Callers who send the head of a request and keep the body: they are answered, cut off, and leave nothing behind."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tests.support.checkout import Rig, a_link
from tests.support.servers import Databases, Running

BODY_SECONDS_MAX = 0.4
CUT_WITHIN_SECONDS = 5
ANNOUNCED = b"Content-Length: 200\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
async def hasty(
    databases: Databases, nats_server: Running, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Rig]:
    dsn = await databases.clone("checkout")
    running = Rig(
        tmp_path_factory.mktemp("hasty"),
        dsn=dsn,
        nats_url=nats_server.url,
        environment={"PAYLINKS_BODY_SECONDS_MAX": str(BODY_SECONDS_MAX)},
    )
    await running.start()
    yield running
    await running.stop()
    await databases.drop(dsn)


async def ask(rig: Rig, path: str, length: bytes, piece: bytes = b"") -> bytes:
    """The whole answer, once we were cut off. `piece` is sent again and again."""
    reader, writer = await asyncio.open_connection("127.0.0.1", rig.port)
    writer.write(head(path) + length)
    dripping = asyncio.create_task(drip(writer, piece)) if piece else None
    try:
        async with asyncio.timeout(CUT_WITHIN_SECONDS):
            return await reader.read()
    finally:
        if dripping:
            dripping.cancel()
        writer.close()


def head(path: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nHost: checkout\r\nAccept: */*\r\n".encode()


async def drip(writer: asyncio.StreamWriter, piece: bytes) -> None:
    while True:
        writer.write(piece)
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("path", ["/callbacks/sandbox/acct_1", "/v1/checkout/none/sessions"])
@pytest.mark.parametrize(
    ("length", "piece"),
    [(ANNOUNCED, b""), (ANNOUNCED, b" "), (CHUNKED, b""), (CHUNKED, b"1\r\n \r\n")],
    ids=["nothing", "drop-by-drop", "no-chunk", "chunk-by-chunk"],
)
async def test_a_body_that_does_not_come_is_a_408_and_the_end_of_the_connection(
    hasty: Rig, path: str, *, length: bytes, piece: bytes
) -> None:
    answer = await ask(hasty, path, length, piece)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"code":"request_timeout"' in answer
    assert await hasty.verdicts() == []


async def test_a_person_sees_a_page(hasty: Rig) -> None:
    hasty.links.add(a_link("slow-buyer"))
    answer = await ask(hasty, "/checkout/slow-buyer", ANNOUNCED, b"a")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"text/html" in answer
    assert await hasty.pg.fetchval("SELECT count(*) FROM session") == 0


async def test_a_callback_that_was_too_slow_is_taken_when_it_comes_again(hasty: Rig) -> None:
    hasty.links.add(a_link("slow-callback"))
    session = await hasty.open("slow-callback")
    await hasty.pay(session, method="mobile_money", phone="+256772000004")
    (payment,) = await hasty.payments(session)
    path, before = f"/callbacks/sandbox/{payment['account']}", await hasty.verdicts()
    assert (await ask(hasty, path, ANNOUNCED, b"{")).startswith(b"HTTP/1.1 408 ")
    assert await hasty.verdicts() == before
    await hasty.approve(session)
    await hasty.until(session, "paid")
    assert await hasty.settled_verdicts(len(before) + 1) == [*before, "accepted"]


async def test_hundreds_who_keep_their_bodies_do_not_keep_others_out(hasty: Rig) -> None:
    held = [await asyncio.open_connection("127.0.0.1", hasty.port) for _ in range(300)]
    try:
        for _, writer in held:
            writer.write(head("/callbacks/sandbox/acct_1") + ANNOUNCED)
        assert (await hasty.http.get("/health")).status_code == 200
        async with asyncio.timeout(CUT_WITHIN_SECONDS):
            answers = await asyncio.gather(*(reader.read() for reader, _ in held))
        assert {answer[:12] for answer in answers} == {b"HTTP/1.1 408"}
    finally:
        for _, writer in held:
            writer.close()


async def test_a_service_does_not_wait_to_hear_which_http_is_spoken(hasty: Rig) -> None:
    # While it waited for that, nothing bounded how long.
    reader, writer = await asyncio.open_connection("127.0.0.1", hasty.port)
    writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    async with asyncio.timeout(CUT_WITHIN_SECONDS):
        assert not (await reader.read()).startswith(b"\0")
    writer.close()
