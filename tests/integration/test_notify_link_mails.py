"""Mails of links against a real mail server and PostgreSQL: once, at the time, and only to whom it still concerns.

Facts go in by hand and in any order; the clock stands still until it is moved.
"""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.local.mailbox.smtp import Reply
from services.notify.domain.pacing import DomainPace
from services.notify.mailers.smtp import SmtpMailer
from services.notify.settings import SmtpServer
from services.notify.use_cases.link_mails import intend_link_mails, take_link_facts, take_payments
from services.notify.use_cases.list_mails import list_mails
from services.notify.use_cases.send_mails import SendMails
from shared.contracts import links
from shared.contracts.envelope import Event
from shared.contracts.links import LinkView, RecipientView, UsesView
from shared.contracts.notify import ListMails, MailView
from shared.runtime.postgres import Postgres
from tests.conftest import Database
from tests.support.link_mails import SCHEDULED_AT, view
from tests.support.mails import MailServer, mail_server, paid, received, writer

SECRET = b"s" * 32
HOUR = timedelta(hours=1)


@dataclass
class Notify:
    postgres: Postgres
    server: MailServer
    mailer: SmtpMailer
    now: datetime = SCHEDULED_AT - 2 * HOUR

    async def take(self, *events: Event) -> None:
        """Each in a transaction of its own, as if they came far apart."""
        for event in events:
            await self.take_together(event)

    async def take_together(self, *events: Event) -> None:
        facts = [received(event) for event in events]
        async with self.postgres.transaction() as tx:
            await take_link_facts(tx, facts, now=self.now)
            await take_payments(tx, facts)

    async def tick(self, at: datetime | None = None) -> int:
        """Both tickers, once; returns how many mails arrived since."""
        self.now = at or self.now
        before = len(self.server.mails)
        await intend_link_mails(self.postgres, message_host="pay.example", now=self.now)
        sender = SendMails(
            self.postgres,
            self.mailer,
            writer=writer(self.postgres, sender="links@pay.example"),
            pace=DomainPace(1_000),
            clock=lambda: self.now,
            committed=lambda: None,
        )
        while (await sender.once()).claimed:
            pass
        return len(self.server.mails) - before

    async def mails(self, **ask: Any) -> list[MailView]:
        return await list_mails(self.postgres, ListMails(**ask))

    async def skipped(self) -> str | None:
        (mail,) = await self.mails()
        assert mail.state == "skipped"
        return mail.skip_reason

    async def facts(self) -> list[tuple[str, dict[str, Any]]]:
        rows = await self.postgres.fetch("SELECT type, data FROM outbox ORDER BY position")
        return [(row["type"], msgspec.json.decode(row["data"])) for row in rows]


@pytest.fixture
async def notify(database: Database, tmp_path: Path) -> AsyncGenerator[Notify, None]:
    postgres = await Postgres.connect(await database("notify"), name="tests", size_max=4)
    async with mail_server(tmp_path / "maildir") as server:
        where = SmtpServer(host="127.0.0.1", port=server.port)
        mailer = SmtpMailer(where, local_hostname="pay.example", answer_seconds_max=0.4)
        yield Notify(postgres, server, mailer)
        await mailer.close()
    await postgres.close()


def fact(kind: type[links.LinkEvent], link: LinkView, **over: Any) -> links.LinkEvent:
    link = msgspec.structs.replace(link, **over)
    return kind(org_id=link.org_id, link_id=link.id, link=link)


def created(link: LinkView) -> links.LinkEvent:
    return fact(links.LinkCreated, link)


def updated(link: LinkView, revision: int = 2, **over: Any) -> links.LinkEvent:
    return fact(links.LinkUpdated, link, revision=revision, **over)


def requested(link: LinkView, **over: Any) -> links.LinkEvent:
    return fact(links.LinkSendRequested, link, **over)


async def test_a_scheduled_link_is_mailed_at_its_time_and_not_before(notify: Notify) -> None:
    link = view(gate_otp=True)
    await notify.take(created(link))
    assert await notify.tick(SCHEDULED_AT - timedelta(milliseconds=1)) == 0
    assert await notify.mails() == []
    assert await notify.tick(SCHEDULED_AT) == 1
    assert await notify.tick(SCHEDULED_AT + 30 * HOUR) == 0
    (mail,) = await notify.mails()
    (arrived,) = notify.server.mails
    assert (mail.kind, mail.state, mail.link_id, mail.scheduled_at) == ("link", "sent", link.id, SCHEDULED_AT)
    assert arrived.message_id == mail.message_id == f"<{mail.id}@pay.example>"
    assert arrived.to == "amina@example.com"
    assert arrived.headers["From"] == "Kampala Coffee <links@pay.example>"
    assert arrived.headers["Reply-To"] == "help@kampala.example"
    assert arrived.headers["Subject"] == "Kampala Coffee sent you a payment link"
    assert "https://pay.example/checkout/invoice-123" in arrived.text
    assert "We send it to this address" in arrived.html
    ((name, told),) = await notify.facts()
    assert (name, told["kind"], told["link_id"]) == ("notify.mail.sent", "link", str(link.id))
    assert "amina@example.com" not in str(told)


@pytest.mark.parametrize("over", [{"scheduled_at": None}, {"email": None}])
async def test_a_link_without_a_time_or_a_recipient_is_not_mailed(notify: Notify, over: dict[str, Any]) -> None:
    await notify.take(created(view(**over)))
    assert await notify.tick(SCHEDULED_AT + 9 * HOUR) == 0
    assert await notify.mails() == []


async def test_facts_in_any_order_and_told_again_give_one_mail_at_the_last_time(notify: Notify) -> None:
    orders = list(itertools.permutations(range(3)))
    views = [view() for _ in orders]
    for link, order in zip(views, orders, strict=True):
        facts = [
            created(link),
            updated(link, 2, scheduled_at=SCHEDULED_AT - HOUR),
            updated(link, 3, scheduled_at=SCHEDULED_AT + HOUR),
        ]
        in_order = [facts[n] for n in order]
        await notify.take_together(*in_order)
        await notify.take(*in_order)
    assert await notify.tick(SCHEDULED_AT + HOUR - timedelta(seconds=1)) == 0
    assert await notify.tick(SCHEDULED_AT + HOUR) == len(orders)
    await notify.take(*(created(link) for link in views))
    assert await notify.tick(SCHEDULED_AT + 2 * HOUR) == 0
    assert {mail.scheduled_at for mail in await notify.mails()} == {SCHEDULED_AT + HOUR}


async def test_a_schedule_that_was_taken_away_is_not_brought_back_by_an_older_fact(notify: Notify) -> None:
    link = view()
    await notify.take(updated(link, scheduled_at=None, recipient=None), created(link))
    assert await notify.tick(SCHEDULED_AT + HOUR) == 0
    assert await notify.mails() == []


REASONS: dict[str, dict[str, Any]] = {
    "revoked": {"ended_at": SCHEDULED_AT, "ended_as": "revoked"},
    "deleted": {"ended_at": SCHEDULED_AT, "ended_as": "deleted"},
    "paused": {"paused_at": SCHEDULED_AT},
    "expired": {"expires_at": SCHEDULED_AT},
    "paid": {"uses": UsesView(1, 0, 2)},
}


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("when", ["before", "after"])
async def test_what_became_of_the_link_before_its_mail_went_out_is_said_in_the_ledger(
    notify: Notify, reason: str, when: str
) -> None:
    """`after`: the mail was in the ledger already, and the mail server did not take it."""
    link = view()
    await notify.take(created(link))
    if when == "after":
        notify.server.answer(Reply.LATER)
        await notify.tick(SCHEDULED_AT)
        notify.server.answer(Reply.OK)
    await notify.take(updated(link, **REASONS[reason]))
    assert await notify.tick(SCHEDULED_AT + HOUR) == 0
    assert await notify.skipped() == reason
    assert [(name, told["reason"]) for name, told in await notify.facts()] == [("notify.mail.skipped", reason)]


@pytest.mark.parametrize("first", ["payment", "link"])
async def test_who_has_paid_is_not_asked_to_whichever_fact_came_first(notify: Notify, first: str) -> None:
    link = view()
    payment = paid(org_id=link.org_id, link_id=link.id)
    await notify.take(*((payment, created(link)) if first == "payment" else (created(link), payment, payment)))
    assert await notify.tick(SCHEDULED_AT) == 0
    assert await notify.skipped() == "paid"


async def test_a_link_that_is_rescheduled_goes_out_at_its_new_time_only(notify: Notify) -> None:
    link = view()
    later = SCHEDULED_AT + 24 * HOUR
    await notify.take(created(link), updated(link, scheduled_at=later))
    assert await notify.tick(SCHEDULED_AT) == 0
    assert await notify.tick(later) == 1


async def test_a_mail_that_waits_for_the_mail_server_gives_way_to_the_new_time(notify: Notify) -> None:
    link = view()
    await notify.take(created(link))
    notify.server.answer(Reply.LATER)
    await notify.tick(SCHEDULED_AT)
    notify.server.answer(Reply.OK)
    await notify.take(updated(link, scheduled_at=SCHEDULED_AT + 2 * HOUR))
    assert await notify.tick(SCHEDULED_AT + HOUR) == 0
    assert await notify.tick(SCHEDULED_AT + 2 * HOUR) == 1
    assert [(mail.state, mail.skip_reason) for mail in await notify.mails()] == [
        ("sent", None),
        ("skipped", "rescheduled"),
    ]


async def test_a_link_that_was_mailed_and_is_scheduled_anew_is_mailed_anew(notify: Notify) -> None:
    link = view()
    await notify.take(created(link))
    await notify.tick(SCHEDULED_AT)
    await notify.take(updated(link, scheduled_at=SCHEDULED_AT + HOUR))
    assert await notify.tick(SCHEDULED_AT + HOUR) == 1
    assert len(notify.server.deliveries()) == 2


async def test_a_mail_in_the_ledger_goes_to_nobody_else(notify: Notify) -> None:
    link = view()
    await notify.take(created(link))
    notify.server.answer(Reply.LATER)
    await notify.tick(SCHEDULED_AT)
    notify.server.answer(Reply.OK)
    await notify.take(updated(link, recipient=RecipientView("other@example.com")))
    assert await notify.tick(SCHEDULED_AT + HOUR) == 0
    assert await notify.skipped() == "other_recipient"


async def test_a_window_sends_now_and_the_time_sends_nothing_more(notify: Notify) -> None:
    link = view()
    await notify.take(created(link), requested(link), requested(link))
    assert await notify.tick(SCHEDULED_AT - HOUR) == 1
    await notify.take(requested(link))
    assert await notify.tick(SCHEDULED_AT) == 0
    assert len(await notify.mails()) == 1


async def test_a_window_asked_for_before_the_link_is_known_brings_the_link_along(notify: Notify) -> None:
    link = view()
    await notify.take_together(requested(link), created(link))
    assert await notify.tick() == 1
    other = view()
    await notify.take(requested(other), created(other))
    assert await notify.tick() == 1


async def test_a_window_for_a_time_that_was_moved_waits_for_the_new_time(notify: Notify) -> None:
    link = view()
    await notify.take(updated(link, scheduled_at=SCHEDULED_AT + HOUR), requested(link))
    assert await notify.tick(SCHEDULED_AT) == 0
    assert await notify.tick(SCHEDULED_AT + HOUR) == 1


async def test_a_request_for_a_link_that_is_paid_sends_nothing(notify: Notify) -> None:
    link = view()
    await notify.take(paid(org_id=link.org_id, link_id=link.id), requested(link))
    assert await notify.tick() == 0
    assert await notify.skipped() == "paid"


async def test_tickers_and_windows_at_once_send_every_link_once(notify: Notify) -> None:
    many = [view(f"buyer{n}@example.com") for n in range(120)]
    await notify.take_together(*map(created, many))
    notify.now = SCHEDULED_AT
    await asyncio.gather(
        *(notify.tick() for _ in range(3)), *(notify.take_together(*map(requested, many)) for _ in range(2))
    )
    await notify.tick()
    assert set(notify.server.deliveries().values()) == {1}
    assert Counter(mail.to for mail in notify.server.mails) == Counter(f"buyer{n}@example.com" for n in range(120))


@pytest.mark.parametrize("email", ["nobody", "a b@c.test", "a@b.test\r\nBcc: x@y.test"])
async def test_an_address_that_is_none_is_skipped(notify: Notify, email: str) -> None:
    await notify.take(created(view(email)))
    assert await notify.tick(SCHEDULED_AT) == 0
    assert await notify.skipped() == "no_address"


async def test_a_mail_that_is_tried_again_says_the_same_under_the_same_id(notify: Notify) -> None:
    link = view()
    await notify.take(created(link))
    notify.server.answer(Reply.DROP_BEFORE_250)
    await notify.tick(SCHEDULED_AT)
    notify.server.answer(Reply.OK)
    await notify.take(updated(link, title="Another title"))
    await notify.tick(SCHEDULED_AT + HOUR)
    first, second = notify.server.mails
    assert (first.message_id, first.text, first.html) == (second.message_id, second.text, second.html)


async def test_a_link_that_thousands_pay_has_one_row_and_is_written_once(notify: Notify) -> None:
    link = view(scheduled_at=None)
    written: set[tuple[str, int]] = set()
    for _ in range(3):
        await notify.take_together(*(paid(org_id=link.org_id, link_id=link.id) for _ in range(20)))
        (row,) = await notify.postgres.fetch("SELECT xmin::text AS version, revision FROM link_mail")
        written.add((row["version"], row["revision"]))
    assert len(written) == 1


async def test_the_ledger_is_read_by_kind_and_organization(notify: Notify) -> None:
    link, other = view(), view()
    await notify.take(created(link), created(other))
    await notify.tick(SCHEDULED_AT)
    assert [mail.link_id for mail in await notify.mails(kind="link", org_id=link.org_id)] == [link.id]
    assert await notify.mails(kind="receipt") == []
    assert len(await notify.mails(state="sent")) == 2


async def test_finding_what_is_due_reads_an_index_and_not_every_link(notify: Notify) -> None:
    await notify.postgres.execute(
        "INSERT INTO link_mail (link_id, org_id, revision, paid_at)"
        " SELECT uuidv7(), uuidv7(), 0, now() FROM generate_series(1, 5000)"
    )
    await notify.postgres.execute("ANALYZE link_mail")
    plan = await notify.postgres.fetch(
        "EXPLAIN SELECT link_id FROM link_mail WHERE due_at <= now() ORDER BY due_at LIMIT 500"
    )
    assert any("link_mail_due" in row[0] for row in plan), plan
