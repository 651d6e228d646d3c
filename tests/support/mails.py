"""Paid charges as facts, and a mail server in the test's own loop that can be told to fail."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import nats
from nats.aio.client import Client
from nats.js.errors import NoStreamResponseError

from deploy.local.mailbox.mail import Mail
from deploy.local.mailbox.smtp import Faults, Reply, smtp_protocol
from deploy.local.mailbox.store import MailStore
from services.notify.use_cases.otp import Codes
from services.notify.use_cases.unsubscribe import Unsubscribing
from services.notify.use_cases.write_mails import Writer
from shared.contracts import envelope, subjects
from shared.contracts.checkout import BuyerView, ChargeEvent, ChargeFailed, ChargeSucceeded, CustomerView
from shared.contracts.envelope import Event, Received, type_of
from shared.contracts.links import MerchantView
from shared.kernel.ids import new_id
from shared.kernel.moment import to_wire
from shared.kernel.money import Money
from shared.runtime.postgres import Postgres
from shared.runtime.session_pages import SessionPages
from tests.support.processes import free_port

SECRET = b"s" * 32
PAID_AT = datetime(2027, 3, 5, 11, 5, tzinfo=UTC)


def paid(email: str | None = "buyer@example.com", **over: Any) -> ChargeSucceeded:
    return ChargeSucceeded(
        **{
            "org_id": new_id(),
            "link_id": new_id(),
            "charge_id": new_id(),
            "session_id": new_id(),
            "version": 2,
            "total": Money(50_000, "UGX"),
            "method": "mobile_money",
            "provider": "sandbox",
            "livemode": True,
            "at": PAID_AT,
            "customer": CustomerView(email=email, name="Amina Nakato"),
            "link_title": "Invoice #123",
            "merchant_name": "Kampala Coffee",
            "merchant_support_email": "help@kampala.example",
            "timezone": "Africa/Kampala",
            "receipt_number": "R-20270305-7K2QX9AB",
            "payer_hint": "+256 77• ••• 456",
        }
        | over
    )


def failed(email: str | None = "buyer@example.com", **over: Any) -> ChargeFailed:
    """A charge that was pending for five minutes."""
    succeeded = paid()
    common = {name: getattr(succeeded, name) for name in ChargeEvent.__struct_fields__}
    buyer = BuyerView(
        customer=CustomerView(email=email, name="Amina Nakato"),
        locale="en",
        link_slug="invoice-123",
        link_title="Invoice #123",
        merchant=MerchantView(
            name="Kampala Coffee", support_email="help@kampala.example", timezone="Africa/Kampala", color="#6f4e37"
        ),
    )
    waiting = {"reason": "insufficient_funds", "buyer": buyer, "pending_since": PAID_AT - timedelta(minutes=5)}
    return ChargeFailed(**common | waiting | over)


def writer(postgres: Postgres, *, sender: str = "mails@pay.example") -> Writer:
    return Writer(
        postgres,
        sender=sender,
        pages=SessionPages(SECRET, "https://pay.example"),
        codes=Codes(SECRET),
        unsubscribing=Unsubscribing(SECRET, "https://pay.example"),
    )


def received(event: Event) -> Received:
    return Received(id=new_id(), type=type_of(type(event)), at=PAID_AT, sequence=1, traceparent=None, event=event)


async def tell(nats_url: str, *events: Event) -> None:
    """Publishes facts as the relay of their owner would."""
    client = await nats.connect(nats_url, connect_timeout=2)
    try:
        for event in events:
            fact_id = str(new_id())
            headers = {
                envelope.MSG_ID: fact_id,
                envelope.ID: fact_id,
                envelope.TYPE: type_of(type(event)),
                envelope.SOURCE: f"paylinks/{event.owner}",
                envelope.TIME: to_wire(datetime.now(UTC)),
                envelope.SUBJECT: str(event.link_id),
                envelope.SEQUENCE: "1",
            }
            subject = subjects.event_subject(type(event), event.org_id)
            await publish(client, subject, msgspec.json.encode(event), headers=headers)
    finally:
        await client.close()


async def publish(client: Client, subject: str, body: bytes, *, headers: dict[str, str]) -> None:
    """The streams are made by the first service that comes up, a moment after it is connected."""
    for attempts_left in reversed(range(50)):
        try:
            await client.jetstream().publish(subject, body, headers=headers)
        except NoStreamResponseError:
            if not attempts_left:
                raise
            await asyncio.sleep(0.1)
        else:
            return


class MailServer:
    """aiosmtpd behind a port. `faults.reply` decides what the next mails hear."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.faults = Faults()
        self._store = MailStore(folder)
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def answer(self, reply: Reply) -> None:
        self.faults.reply = reply

    @property
    def mails(self) -> list[Mail]:
        return [msgspec.json.decode(raw, type=Mail) for raw in self._store.listed(to=None, limit=None)]

    def deliveries(self) -> Counter[str]:
        """How often each Message-ID arrived."""
        return Counter(mail.message_id for mail in self.mails)

    async def start(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: smtp_protocol(self._store, self.faults), "127.0.0.1", self.port)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None


@asynccontextmanager
async def mail_server(folder: Path) -> AsyncGenerator[MailServer, None]:
    server = MailServer(folder)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
