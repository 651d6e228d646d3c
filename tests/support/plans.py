"""notify with a clock of its own, told of plans by hand: facts go in, mails and facts come out."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec

from services.notify.domain.pacing import DomainPace
from services.notify.mailers.smtp import SmtpMailer
from services.notify.use_cases.link_mails import take_link_facts, take_payments
from services.notify.use_cases.list_mails import list_mails
from services.notify.use_cases.plan_periods import look_again, take_plan_payments
from services.notify.use_cases.reminders import intend_reminders, take_organization_facts
from services.notify.use_cases.renewals import intend_renewals
from services.notify.use_cases.send_mails import SendMails
from shared.contracts.checkout import ChargeDisputed, ChargeRefunded, ChargeSucceeded, CustomerView, DisputeClosed
from shared.contracts.envelope import Event
from shared.contracts.links import LinkCreated, LinkView, PlanView
from shared.contracts.notify import ListMails, MailView
from shared.kernel.ids import new_id
from shared.kernel.money import Money
from shared.runtime.postgres import Postgres
from tests.support.link_mails import view
from tests.support.mails import MailServer, paid, received, writer

NOON = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
"""In Kampala, where the merchants are."""
DAY = timedelta(days=1)
GOLD = PlanView(plan_id=UUID(int=1), name="Gold", total=Money(50_000, "UGX"), interval="week")
ENDS = NOON + 7 * DAY


@dataclass
class Club:
    """One link whose price is a plan, and its buyers. `now` stands until it is moved."""

    postgres: Postgres
    server: MailServer
    mailer: SmtpMailer
    link: LinkView
    now: datetime = NOON

    @classmethod
    def of(cls, postgres: Postgres, server: MailServer, mailer: SmtpMailer, **over: Any) -> "Club":
        about = {"pricing": GOLD, "scheduled_at": None, "created_at": NOON - DAY, "slug": "club", "title": "Club"}
        return cls(postgres, server, mailer, view(None, **about | over))

    async def told(self) -> "Club":
        await self.take(LinkCreated(org_id=self.link.org_id, link_id=self.link.id, link=self.link))
        return self

    async def change(self, event: type[Any], **over: Any) -> None:
        self.link = msgspec.structs.replace(self.link, revision=self.link.revision + 1, **over)
        await self.take(event(org_id=self.link.org_id, link_id=self.link.id, link=self.link))

    async def take(self, *events: Event, at: datetime | None = None) -> None:
        """In one batch."""
        self.now = at or self.now
        facts = [msgspec.structs.replace(received(event), at=self.now) for event in events]
        async with self.postgres.transaction() as tx:
            await take_organization_facts(tx, facts, now=self.now)
            await take_link_facts(tx, facts, now=self.now)
            await look_again(tx, facts, now=self.now)
            await take_payments(tx, facts)
            await take_plan_payments(tx, facts, now=self.now)

    def paid(self, email: str | None = "Amina@example.com", at: datetime = NOON, **over: Any) -> ChargeSucceeded:
        customer = CustomerView(email=email)
        about = {"org_id": self.link.org_id, "link_id": self.link.id, "plan": GOLD, "customer": customer, "at": at}
        return paid(**about | over)

    async def tick(self, at: datetime, *, send: bool = True) -> list[str]:
        """The tickers, once; returns the subjects of what arrived since."""
        self.now = at
        before = len(self.server.mails)
        while await intend_renewals(self.postgres, message_host="pay.example", now=at):
            pass
        while await intend_reminders(self.postgres, message_host="pay.example", now=at):
            pass
        if send:
            await self.send()
        return [mail.subject for mail in self.server.mails[: len(self.server.mails) - before]]

    async def send(self) -> None:
        sender = SendMails(
            self.postgres,
            self.mailer,
            writer=writer(self.postgres),
            pace=DomainPace(1_000),
            clock=lambda: self.now,
            committed=lambda: None,
        )
        while (await sender.once()).claimed:
            pass

    async def ledger(self) -> list[MailView]:
        return (await list_mails(self.postgres, ListMails(link_id=self.link.id)))[::-1]

    async def facts(self) -> list[str]:
        """What notify said of periods, in order."""
        rows = await self.postgres.fetch(
            "SELECT type FROM outbox WHERE link_id = $1 AND type LIKE 'notify.plan_period.%' ORDER BY id", self.link.id
        )
        return [row["type"].removeprefix("notify.plan_period.") for row in rows]


def refunded(charge: ChargeSucceeded, minor: int | None = None) -> ChargeRefunded:
    back = Money(charge.total.minor if minor is None else minor, charge.total.currency)
    return ChargeRefunded(**_captured(charge), refund_id=new_id(), amount=back, refunded=back)


def disputed(charge: ChargeSucceeded) -> ChargeDisputed:
    return ChargeDisputed(**_captured(charge), dispute_id=new_id(), amount=charge.total, reason="fraudulent")


def won(charge: ChargeSucceeded) -> DisputeClosed:
    about = {name: value for name, value in _captured(charge).items() if name != "total"}
    return DisputeClosed(**about, dispute_id=new_id(), outcome="won", amount=charge.total)


def _captured(charge: ChargeSucceeded) -> dict[str, Any]:
    names = ("org_id", "link_id", "charge_id", "session_id", "total", "livemode", "at")
    return {name: getattr(charge, name) for name in names}
