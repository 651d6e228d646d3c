"""notify: mails and webhooks about what has happened. The composition root."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Response, get

from services.notify import bus
from services.notify.domain.pacing import DomainPace
from services.notify.jobs import CodeEraser, Courier, Reminding, Scheduler, WebhookCourier
from services.notify.mailers import wording
from services.notify.mailers.smtp import SmtpMailer
from services.notify.pages import preview_pages
from services.notify.settings import Settings
from services.notify.use_cases.otp import Codes
from services.notify.use_cases.send_mails import SendMails
from services.notify.use_cases.send_webhooks import SendWebhooks
from services.notify.use_cases.unsubscribe import Unsubscribing
from services.notify.use_cases.webhook_endpoints import Rules
from services.notify.use_cases.write_mails import Writer
from services.notify.web import deliveries, endpoints, mails, openapi, unsubscribe
from services.notify.web.desk import Desk
from services.notify.web.unsubscribe import unsubscribe_routes
from services.notify.webhooks.guard import Guard
from services.notify.webhooks.sender import Sender
from services.notify.webhooks.signing import SecretBox
from shared.kernel.answer import Seal
from shared.runtime import asyncapi
from shared.runtime.callers import Callers
from shared.runtime.csrf import CsrfGuard
from shared.runtime.limits import Limiter
from shared.runtime.member_tokens import TokenReader
from shared.runtime.openapi import serve
from shared.runtime.secrets import sealer
from shared.runtime.service import Parts, Runtime, run
from shared.runtime.session_pages import SessionPages

MIGRATIONS: Final = Path(__file__).parent / "migrations"
TEST_MODE_PER_KEY_PER_SECOND: Final = 2000


def main() -> None:
    run("notify", Settings.from_environment, MIGRATIONS, build)


async def build(runtime: Runtime) -> Parts:
    settings = runtime.settings
    assert isinstance(settings, Settings)
    wording.warm()
    unsubscribe.warm()
    codes = Codes(settings.root_secret())
    unsubscribing = Unsubscribing(settings.root_secret(), settings.public_url)
    mailer = SmtpMailer(settings.smtp_server(), local_hostname=settings.public_host())
    courier = Courier(_send_mails(runtime, settings, mailer, codes=codes, unsubscribing=unsubscribing))

    def intended() -> None:
        runtime.wake()
        courier.ring()

    host = settings.public_host()
    scheduler = Scheduler(runtime.postgres, runtime.clock, message_host=host, intended=courier.ring)
    bus.answer_requests(runtime, codes)
    webhooks = WebhookCourier(runtime.postgres, runtime.clock)
    sender = Sender(Guard(settings.reach()), seconds_max=settings.webhook_attempt_seconds)
    box = SecretBox(settings.root_secret())

    def attempted() -> None:
        webhooks.ring()
        intended()

    send = SendWebhooks(
        runtime.postgres,
        sender,
        box=box,
        clock=runtime.clock,
        disable_after=timedelta(days=settings.webhook_disable_after_days),
        message_host=host,
        settled=attempted,
    )

    async def send_webhooks() -> None:
        await webhooks.run(send)

    desk = _desk(runtime, settings, box, due=webhooks.ring, mail_due=courier.ring)
    return parts(
        merchant=[*mails.routes(desk), *endpoints.routes(desk), *deliveries.routes(desk)],
        previews=[
            *unsubscribe_routes(runtime.postgres, unsubscribing, runtime.clock),
            *(preview_pages(settings.public_url) if settings.test_mode else []),
        ],
        consumers=[
            *bus.consumers(runtime, codes, message_host=host, intended=intended),
            bus.facts_of_links(runtime, mails_noted=scheduler.ring, webhooks_noted=webhooks.ring_soon),
            *bus.webhooks(runtime, noted=webhooks.ring_soon),
        ],
        tickers=[
            courier.run,
            scheduler.run,
            Reminding(runtime.postgres, runtime.clock, message_host=host, told=runtime.wake).run,
            CodeEraser(runtime.postgres, runtime.clock).run,
            send_webhooks,
            webhooks.tidy,
        ],
        closers=[mailer.close, sender.close],
    )


def _send_mails(
    runtime: Runtime, settings: Settings, mailer: SmtpMailer, *, codes: Codes, unsubscribing: Unsubscribing
) -> SendMails:
    return SendMails(
        runtime.postgres,
        mailer,
        writer=Writer(
            runtime.postgres,
            sender=settings.from_address(),
            pages=SessionPages(settings.root_secret(), settings.public_url),
            codes=codes,
            unsubscribing=unsubscribing,
        ),
        pace=DomainPace(settings.mail_per_domain_per_second),
        clock=runtime.clock,
        committed=runtime.wake,
    )


def parts(*, merchant: Sequence[Any] = (), previews: Sequence[Any] = (), **others: Any) -> Parts:
    return Parts(route_handlers=[_serve_asyncapi(), serve(openapi.document()), *merchant, *previews], **others)


def _desk(
    runtime: Runtime,
    settings: Settings,
    box: SecretBox,
    *,
    due: Callable[[], None],
    mail_due: Callable[[], None],
) -> Desk:
    per_second = max(settings.rate_per_key_per_second, TEST_MODE_PER_KEY_PER_SECOND if settings.test_mode else 0)
    answers = sealer(settings.root_secret(), "idempotency-answers")
    return Desk(
        pg=runtime.postgres,
        callers=Callers(
            runtime.broker,
            TokenReader(settings.root_secret()),
            Limiter("key", per_second=per_second, burst=per_second * 2),
            guard=CsrfGuard(settings.root_secret(), settings.public_url),
        ),
        box=box,
        seal=Seal(seal=answers.encrypt, unseal=answers.decrypt),
        rules=Rules(settings.reach(), https_only=not settings.test_mode),
        clock=runtime.clock,
        due=due,
        mail_due=mail_due,
        message_host=settings.public_host(),
    )


def _serve_asyncapi() -> Any:
    body = msgspec.json.encode(asyncapi.document())

    @get("/asyncapi.json", sync_to_thread=False, summary="Every event and request on the bus, as AsyncAPI 3")
    def read_asyncapi() -> Response[bytes]:
        return Response(body, media_type="application/json")

    return read_asyncapi
