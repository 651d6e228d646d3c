"""notify: mails about what has happened. The composition root."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Response, get
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin

from services.notify import bus
from services.notify.jobs import CodeEraser, Courier, Scheduler
from services.notify.mailers import link, otp, receipt
from services.notify.mailers.smtp import SmtpMailer
from services.notify.pages import preview_page
from services.notify.settings import Settings
from services.notify.use_cases.otp import Codes
from services.notify.use_cases.send_mails import SendMails
from shared.runtime import asyncapi
from shared.runtime.service import Parts, Runtime, litestar, run
from shared.runtime.session_pages import SessionPages

MIGRATIONS: Final = Path(__file__).parent / "migrations"


def main() -> None:
    run("notify", Settings.from_environment, MIGRATIONS, build)


async def build(runtime: Runtime) -> Parts:
    settings = runtime.settings
    assert isinstance(settings, Settings)
    receipt.warm()
    otp.warm()
    link.warm()
    codes = Codes(settings.root_secret())
    mailer = SmtpMailer(settings.smtp_server(), local_hostname=settings.public_host())
    courier = Courier(
        SendMails(
            runtime.postgres,
            mailer,
            sender=settings.from_address(),
            pages=SessionPages(settings.root_secret(), settings.public_url),
            codes=codes,
            clock=runtime.clock,
            committed=runtime.wake,
        )
    )

    def intended() -> None:
        runtime.wake()
        courier.ring()

    host = settings.public_host()
    scheduler = Scheduler(runtime.postgres, runtime.clock, message_host=host, intended=courier.ring)
    bus.answer_requests(runtime, codes)
    return parts(
        previews=[preview_page(settings.public_url)] if settings.test_mode else [],
        consumers=[
            *bus.consumers(runtime, codes, message_host=host, intended=intended),
            bus.link_mails(runtime, noted=scheduler.ring),
        ],
        tickers=[courier.run, scheduler.run, CodeEraser(runtime.postgres, runtime.clock).run],
        closers=[mailer.close],
    )


def parts(*, previews: Sequence[Any] = (), **others: Any) -> Parts:
    return Parts(route_handlers=[_serve_asyncapi(), *previews], openapi=_OPENAPI, **others)


def openapi_document() -> dict[str, Any]:
    """The OpenAPI document of the routes, without starting anything."""
    return litestar(parts()).openapi_schema.to_schema()


_OPENAPI: Final = OpenAPIConfig(
    title="Paylinks notify",
    version="1",
    description="Mails to buyers. It has no routes for merchants yet; the events of all services are described in "
    "`/asyncapi.json`.",
    path="/",
    render_plugins=[JsonRenderPlugin()],
)


def _serve_asyncapi() -> Any:
    body = msgspec.json.encode(asyncapi.document())

    @get("/asyncapi.json", sync_to_thread=False, summary="Every event and request on the bus, as AsyncAPI 3")
    def read_asyncapi() -> Response[bytes]:
        return Response(body, media_type="application/json")

    return read_asyncapi
