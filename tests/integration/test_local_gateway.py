"""The gateway in front of a server that says what it was told."""

import asyncio
import json
from dataclasses import replace

import httpx
import pytest

from deploy.local import gateway
from deploy.local.child import Child
from deploy.local.ports import is_free
from deploy.local.progress import Progress
from shared.runtime.proxies import Proxies
from tests.support.processes import free_port

UPSTREAMS = ("links", "checkout", "notify")


class Echo:
    """Answers with what it heard.

    `/checkout/live` streams instead, and never ends; `/checkout/impatient` does not wait for the body.
    """

    def __init__(self):
        self.port = free_port()
        self.heard = 0
        self._server = None

    async def start(self):
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", self.port, limit=4_000_000)

    async def stop(self):
        self._server.close()
        await self._server.wait_closed()

    async def _answer(self, reader, writer):
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
            if lines[0].startswith("POST /checkout/impatient "):
                writer.write(b"HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 4\r\n\r\nlate")
                await writer.drain()
                return
            await reader.readexactly(int(headers.get("content-length", 0)))
            self.heard += 1
            if lines[0].startswith("GET /checkout/live "):
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
                writer.write(b"data: first\n\n")
                await writer.drain()
                await reader.read()
            else:
                body = json.dumps({"line": lines[0], "headers": headers}).encode()
                head = f"HTTP/1.1 200 OK\r\nX-Request-Id: its-own\r\nConnection: close\r\nContent-Length: {len(body)}"
                writer.write(head.encode() + b"\r\n\r\n" + body)
                await writer.drain()
        except asyncio.IncompleteReadError:
            return
        finally:
            writer.close()


@pytest.fixture(scope="module")
async def echo():
    server = Echo()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(scope="module")
async def http(tmp_path_factory, echo):
    folder, port = tmp_path_factory.mktemp("gateway"), free_port()
    # Nobody listens for notify.
    upstreams = {"links": echo.port, "checkout": echo.port, "notify": free_port()}
    program = gateway.program(folder, port=port, upstreams=upstreams)
    child = Child(program, log=folder / "gateway.log", progress=Progress(), on_restart=lambda: None)
    await child.start()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            yield client
    finally:
        await child.stop(hurry=asyncio.Event())
    assert is_free(port)


async def test_services_see_the_callers_address_and_not_what_the_caller_claims(http):
    answer = await http.get("/v1/payment-links?limit=1", headers={"X-Forwarded-For": "6.6.6.6"})
    heard = answer.json()
    assert heard["line"] == "GET /v1/payment-links?limit=1 HTTP/1.1"
    assert heard["headers"]["x-forwarded-for"] == "127.0.0.1"


async def test_what_stands_in_front_of_it_is_believed_where_it_is_named(tmp_path, echo):
    port = free_port()
    program = gateway.program(tmp_path, port=port, upstreams=dict.fromkeys(UPSTREAMS, echo.port))
    trusting = {**program.environment, "PAYLINKS_GATEWAY_TRUSTED_PROXIES": "10.0.0.0/8 127.0.0.0/8"}
    child = Child(
        replace(program, environment=trusting),
        log=tmp_path / "gateway.log",
        progress=Progress(),
        on_restart=lambda: None,
    )
    await child.start()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            answer = await client.get("/v1/payment-links", headers={"X-Forwarded-For": "203.0.113.77"})
    finally:
        await child.stop(hurry=asyncio.Event())
    forwarded = answer.json()["headers"]["x-forwarded-for"]
    assert Proxies("127.0.0.1").origin("127.0.0.1", forwarded) == "203.0.113.77"


async def test_a_request_without_an_id_gets_one_that_service_and_caller_both_see(http):
    answer = await http.get("/v1/payment-links")
    assert answer.headers.get_list("x-request-id") == [answer.json()["headers"]["x-request-id"]]


@pytest.mark.parametrize(("sent", "kept"), [("checkout-7.a_B", True), ("short", False), ("a b c d e f", False)])
async def test_a_callers_own_request_id_is_kept_when_it_is_well_formed(http, sent, kept):
    answer = await http.get("/v1/payment-links", headers={"X-Request-Id": sent})
    assert (answer.headers["x-request-id"] == sent) is kept


async def test_documents_are_the_services_own(http):
    assert (await http.get("/docs/openapi/checkout.json")).json()["line"] == "GET /openapi.json HTTP/1.1"
    assert (await http.get("/docs/openapi/links.json")).json()["line"] == "GET /openapi.json HTTP/1.1"


async def test_a_stream_passes_at_once(http):
    async with asyncio.timeout(3), http.stream("GET", "/checkout/live") as answer:
        assert await anext(answer.aiter_text()) == "data: first\n\n"


async def test_a_path_of_nobody_is_a_problem_with_a_request_id(http):
    answer = await http.get("/nothing/here")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"
    assert answer.json()["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/v1/payment-links", "/checkout/invoice", "/callbacks/sandbox/acct_1"])
async def test_a_body_over_64_kib_is_refused_before_any_service_sees_it(http, path):
    assert (await http.post(path, content=b"x" * 65_536)).status_code == 200
    assert await _answer_to_a_beginning(http, path, 1_000_001) == b"HTTP/1.1 413"
    for size in (65_537, 100_000):
        answer = await http.post(path, content=b"x" * size)
        assert answer.status_code == 413
        assert answer.json()["code"] == "payload_too_large"


@pytest.mark.parametrize("length", ["Content-Length: 200", "Transfer-Encoding: chunked"])
async def test_a_body_that_does_not_come_holds_no_connection(tmp_path, echo, length):
    port = free_port()
    program = gateway.program(tmp_path, port=port, upstreams=dict.fromkeys(UPSTREAMS, echo.port))
    hasty = {**program.environment, "PAYLINKS_GATEWAY_REQUEST_SECONDS": "1"}
    child = Child(
        replace(program, environment=hasty),
        log=tmp_path / "gateway.log",
        progress=Progress(),
        on_restart=lambda: None,
    )
    await child.start()
    try:
        for path, status in (("/checkout/impatient", b"HTTP/1.1 408"), ("/checkout/patient", b"HTTP/1.1 ")):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{length}\r\n\r\n".encode())
            async with asyncio.timeout(4):
                assert (await reader.read()).startswith(status)
            writer.close()
    finally:
        await child.stop(hurry=asyncio.Event())


TOO_LARGE = {"code": "payload_too_large", "message": "The request is too large"}
READ_BEFORE_A_REFUSAL = 262_145
"""What Go's HTTP server reads of a body that nobody wanted before it answers; who sends more may miss the answer."""


async def _answer_to_a_beginning(http, path, size):
    reader, writer = await asyncio.open_connection("127.0.0.1", http.base_url.port)
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {size}\r\n\r\n".encode()
    writer.write(head + b"x" * min(size, READ_BEFORE_A_REFUSAL))
    async with asyncio.timeout(5):
        status = await reader.readexactly(12)
    writer.close()
    await writer.wait_closed()
    return status


async def test_many_links_at_once_may_have_a_mebibyte_and_nothing_else_may(http):
    assert (await http.post("/v1/payment-links/batches", content=b"x" * 1_048_576)).status_code == 200
    for size in (1_048_577, 1_049_000, 2_000_000, 10_000_000):
        assert await _answer_to_a_beginning(http, "/v1/payment-links/batches", size) == b"HTTP/1.1 413"
    for path in ("/v1/payment-links/batches/x", "/v1/payment-links/batchesx", "/v1/payment-links/%62atches/1"):
        assert (await http.post(path, content=b"x" * 65_537)).status_code == 413


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/collections/x", {"status": "error", "message": "The request is too large", "code": "payload_too_large"}),
        ("/core/x", {"success": False, "error": TOO_LARGE}),
        ("/digital/x", {"success": False, "error": TOO_LARGE}),
        ("/catalog/x", {"detail": "The request is too large", "code": "payload_too_large"}),
        ("/gated/x", {"error": TOO_LARGE}),
    ],
)
async def test_the_gateway_refuses_in_the_words_of_the_dialect_that_was_asked(http, path, body):
    answer = await http.post(path, content=b"x" * 65_537)
    assert (answer.status_code, answer.headers["content-type"], answer.json()) == (413, "application/json", body)


async def test_a_service_that_is_down_is_a_problem_that_says_when_to_come_back(http):
    answer = await http.get("/v1/mails")
    assert answer.status_code in {502, 503}
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "2"
    assert answer.json()["status"] == answer.status_code
    assert answer.json()["code"] == "unavailable"


async def test_a_person_sees_a_page_instead(http):
    answer = await http.get("/v1/mails", headers={"Accept": "text/html,*/*"})
    assert answer.status_code == 503
    assert answer.headers["content-type"].startswith("text/html")
    assert "Please do not pay again" in answer.text


async def test_a_service_that_restarts_is_waited_for(http, echo):
    await echo.stop()
    waiting = asyncio.create_task(http.get("/v1/payment-links"))
    await asyncio.sleep(0.5)
    await echo.start()
    assert (await waiting).status_code == 200


async def test_buyers_pages_below_the_root_of_a_dialect_go_to_checkout(tmp_path):
    links, checkout, port = Echo(), Echo(), free_port()
    await links.start()
    upstreams = {"links": links.port, "checkout": checkout.port, "notify": free_port()}
    await checkout.start()
    program = gateway.program(tmp_path, port=port, upstreams=upstreams)
    child = Child(program, log=tmp_path / "gateway.log", progress=Progress(), on_restart=lambda: None)
    await child.start()
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
            for path, upstream in (
                ("/collections/generation/pay/invoice-123", checkout),
                ("/core/instant/1", checkout),
                ("/core/product/1", checkout),
                ("/core/plan/1", checkout),
                ("/collections/generation/v2/payment-links", links),
                ("/core/payment-links", links),
            ):
                heard = upstream.heard
                assert (await client.get(path)).status_code == 200
                assert upstream.heard == heard + 1, path
    finally:
        await child.stop(hurry=asyncio.Event())
        await links.stop()
        await checkout.stop()
