"""Traces in a collector: a request and all that follows from it, each hop with the one that caused it."""

import asyncio
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from deploy.local.probes import http_answers
from deploy.local.program import Program
from services.links.use_cases.seed_demo import seed_demo
from shared.kernel.moment import utc_now
from shared.runtime.postgres import Postgres
from tests.conftest import Database
from tests.support.links import FIXED, ROOT, SECRET_KEY
from tests.support.processes import Server, free_port

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"


class Collector:
    """Takes OTLP over HTTP, as any collector does."""

    def __init__(self) -> None:
        self.port = free_port()
        self.spans: list[tuple[str, Any]] = []

    async def take(self, request: web.Request) -> web.Response:
        taken = ExportTraceServiceRequest.FromString(await request.read())
        for resource in taken.resource_spans:
            service = next(one.value.string_value for one in resource.resource.attributes if one.key == "service.name")
            self.spans += [(service, span) for scope in resource.scope_spans for span in scope.spans]
        return web.Response()

    async def named(self, name: str) -> Any:
        async with asyncio.timeout(15):
            while not (found := [span for _, span in self.spans if span.name == name]):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        return found[0]


@pytest.fixture
async def collector() -> AsyncGenerator[Collector]:
    made = Collector()
    app = web.Application()
    app.router.add_post("/v1/traces", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", made.port).start()
    yield made
    await runner.cleanup()


async def test_a_request_is_a_span_of_its_callers_trace(
    collector: Collector, database: Database, nats_url: str, tmp_path: Path
) -> None:
    dsn, port = await database("links"), free_port()
    url = f"http://127.0.0.1:{port}"
    program = Program(
        name="links",
        command=[sys.executable, "-m", "services.links"],
        environment={
            "PAYLINKS_HTTP_PORT": str(port),
            "PAYLINKS_POSTGRES_DSN": dsn,
            "PAYLINKS_NATS_URL": nats_url,
            "PAYLINKS_PUBLIC_URL": "https://pay.example.com",
            "PAYLINKS_SECRET_KEY": SECRET_KEY,
            "PAYLINKS_TEST_MODE": "1",
            "PAYLINKS_OTLP_URL": f"http://127.0.0.1:{collector.port}",
        },
        is_ready=lambda: http_answers(f"{url}/ready", status_max=299),
    )
    server = Server(program, url=url, log=tmp_path / "links.log")
    await server.start()
    pg = await Postgres.connect(dsn, name="tests")
    demo = await seed_demo(pg, now=utc_now())
    headers = {"Authorization": f"Bearer {demo.bearer}", "traceparent": f"00-{TRACE}-{CALLER}-01"}
    async with httpx.AsyncClient(base_url=url, headers=headers) as client:
        made = await client.post(ROOT, json={"title": "Invoice #123", "pricing": FIXED})
    assert made.status_code == 201
    span = await collector.named("POST /v1/payment-links")
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, CALLER)
    about = {one.key: one.value.string_value or one.value.int_value for one in span.attributes}
    assert about["http.route"] == "/v1/payment-links"
    assert about["http.response.status_code"] == 201
    # The fact that follows carries the trace on, from this very hop.
    told = await pg.fetchval("SELECT traceparent FROM outbox WHERE traceparent LIKE $1", f"%{TRACE}%")
    assert told.split("-")[1:3] == [TRACE, span.span_id.hex()]
    assert not any(demo.bearer in str(one) for _, one in collector.spans)
    await pg.close()
    await server.stop()
    assert {service for service, _ in collector.spans} == {"paylinks-links"}
