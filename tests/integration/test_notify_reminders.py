"""Reminders against a real mail server and PostgreSQL: facts go in by hand, the clock stands until it is moved."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from deploy.local.mailbox.smtp import Reply
from services.notify.app import parts
from services.notify.domain.pacing import DomainPace
from services.notify.mailers.smtp import SmtpMailer
from services.notify.settings import SmtpServer
from services.notify.use_cases.link_mails import take_link_facts, take_payments
from services.notify.use_cases.list_mails import list_mails
from services.notify.use_cases.reminders import intend_reminders, take_organization_facts
from services.notify.use_cases.send_mails import SendMails
from services.notify.use_cases.unsubscribe import Unsubscribing
from services.notify.web.unsubscribe import unsubscribe_routes
from shared.contracts.envelope import Event
from shared.contracts.links import (
    LinkCreated,
    LinkEnded,
    LinkEvent,
    LinkPaused,
    LinkResumed,
    LinkUpdated,
    LinkView,
    OrganizationUpdated,
    RecipientView,
    RemindersView,
)
from shared.contracts.notify import ListMails, MailView
from shared.kernel.ids import new_id
from shared.runtime.postgres import Postgres
from shared.runtime.service import litestar
from tests.support.link_mails import KAMPALA, view
from tests.support.mails import SECRET, MailServer, mail_server, paid, received, writer
from tests.support.servers import Databases

NOON = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
"""In Kampala, where the merchants are."""
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DAILY = RemindersView(unpaid_days=(1, 2, 3))


@dataclass
class Notify:
    postgres: Postgres
    server: MailServer
    mailer: SmtpMailer
    now: datetime = NOON

    async def take(self, *events: Event) -> None:
        for event in events:
            facts = [msgspec.structs.replace(received(event), at=self.now)]
            async with self.postgres.transaction() as tx:
                await take_organization_facts(tx, facts, now=self.now)
                await take_link_facts(tx, facts, now=self.now)
                await take_payments(tx, facts)

    async def tick(self, at: datetime, *, send: bool = True) -> int:
        """Both tickers, once; returns how many mails arrived since."""
        self.now = at
        before = len(self.server.mails)
        while await intend_reminders(self.postgres, message_host="pay.example", now=at):
            pass
        sender = SendMails(
            self.postgres,
            self.mailer,
            writer=writer(self.postgres),
            pace=DomainPace(1_000),
            clock=lambda: self.now,
            committed=lambda: None,
        )
        if send:
            await sender.once()
        return len(self.server.mails) - before

    async def mails(self, link: LinkView) -> list[MailView]:
        return list(reversed(await list_mails(self.postgres, ListMails(link_id=link.id))))


@pytest.fixture(scope="module")
async def shared(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Notify]:
    """One database and mail server for all tests of this file: each clears what it finds."""
    dsn = await databases.clone("notify")
    postgres = await Postgres.connect(dsn, name="tests", size_max=4)
    async with mail_server(tmp_path_factory.mktemp("maildir")) as server:
        where = SmtpServer(host="127.0.0.1", port=server.port)
        mailer = SmtpMailer(where, local_hostname="pay.example", answer_seconds_max=0.4)
        yield Notify(postgres, server, mailer)
        await mailer.close()
    await postgres.close()
    await databases.drop(dsn)


@pytest.fixture
async def notify(shared: Notify) -> Notify:
    await shared.postgres.execute("TRUNCATE mail, link_mail, merchant, unsubscribed")
    shared.server.answer(Reply.OK)
    return Notify(shared.postgres, shared.server, shared.mailer)


def link_of(**over: Any) -> LinkView:
    fields = {"scheduled_at": None, "created_at": NOON, "reminders": DAILY, "merchant_revision": 1} | over
    return view(**fields)


def fact(kind: type[LinkEvent], link: LinkView, **over: Any) -> LinkEvent:
    link = msgspec.structs.replace(link, **over)
    return kind(org_id=link.org_id, link_id=link.id, link=link)


async def test_a_recipient_is_reminded_on_the_days_that_were_asked_for_and_no_more(notify: Notify) -> None:
    link = link_of()
    await notify.take(fact(LinkCreated, link))
    assert [await notify.tick(NOON + hours * HOUR) for hours in range(0, 24 * 5, 4)].count(1) == 3
    mails = await notify.mails(link)
    assert [mail.sent_at for mail in mails] == [NOON + day * DAY for day in (1, 2, 3)]
    arrived = notify.server.mails[0]
    assert arrived.headers["Subject"] == "Reminder from Kampala Coffee: Invoice #123"
    assert arrived.headers["From"] == "Kampala Coffee <mails@pay.example>"
    assert arrived.headers["Reply-To"] == "help@kampala.example"
    assert arrived.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = arrived.headers["List-Unsubscribe"].strip("<>")
    assert url.startswith("https://pay.example/unsubscribe/")
    assert url in arrived.text
    assert "amina" not in url
    assert "https://pay.example/checkout/invoice-123" in arrived.text


async def test_replicas_that_look_at_the_same_time_remind_once(notify: Notify) -> None:
    import asyncio

    links = [link_of(email=f"buyer{n}@example.com") for n in range(20)]
    await notify.take(*(fact(LinkCreated, link) for link in links))
    at = NOON + DAY
    await asyncio.gather(*(intend_reminders(notify.postgres, message_host="pay.example", now=at) for _ in range(4)))
    assert await notify.postgres.fetchval("SELECT count(*) FROM mail") == len(links)


async def test_two_reminders_that_fall_on_one_day_are_one_mail(notify: Notify) -> None:
    link = link_of(
        reminders=RemindersView(before_expiry_hours=(24, 23, 22), unpaid_days=(2,)), expires_at=NOON + 3 * DAY + HOUR
    )
    await notify.take(fact(LinkCreated, link))
    assert sum([await notify.tick(NOON + 2 * DAY + hours * HOUR) for hours in range(-10, 8)]) == 1
    assert [mail.state for mail in await notify.mails(link)] == ["sent"]


@pytest.mark.parametrize(
    ("kind", "over", "reason"),
    [
        (LinkEnded, {"ended_at": NOON, "ended_as": "revoked"}, "revoked"),
        (LinkPaused, {"paused_at": NOON}, "paused"),
        (LinkUpdated, {"expires_at": NOON + DAY}, "expired"),
        (LinkUpdated, {"recipient": RecipientView("other@example.com")}, "other_recipient"),
    ],
)
async def test_nobody_is_reminded_of_what_does_not_concern_them_any_more(
    notify: Notify, kind: type[LinkEvent], over: dict[str, Any], reason: str
) -> None:
    before, between = link_of(), link_of()
    await notify.take(fact(LinkCreated, before), fact(kind, before, revision=2, **over), fact(LinkCreated, between))
    assert await notify.tick(NOON + DAY, send=False) == 0
    await notify.take(fact(kind, between, revision=2, **over))
    arrived = await notify.tick(NOON + DAY)
    assert [mail.skip_reason for mail in await notify.mails(between)][:1] == [reason]
    # Of a new recipient the old reminders are none of their business.
    assert arrived == (1 if reason == "other_recipient" and await notify.mails(before) else 0)


async def test_who_has_paid_is_not_reminded_not_even_of_what_was_due(notify: Notify) -> None:
    link, due = link_of(), link_of()
    await notify.take(fact(LinkCreated, link), fact(LinkCreated, due), paid(org_id=link.org_id, link_id=link.id))
    await notify.tick(NOON + DAY, send=False)
    await notify.take(paid(org_id=due.org_id, link_id=due.id))
    assert await notify.tick(NOON + DAY) == 0
    assert await notify.mails(link) == []
    assert [mail.skip_reason for mail in await notify.mails(due)] == ["paid"]


async def test_a_link_that_goes_on_is_reminded_of_again(notify: Notify) -> None:
    link = link_of()
    await notify.take(fact(LinkCreated, link), fact(LinkPaused, link, revision=2, paused_at=NOON))
    assert await notify.tick(NOON + DAY) == 0
    await notify.take(fact(LinkResumed, link, revision=3))
    assert await notify.tick(NOON + DAY + HOUR) == 0
    assert await notify.tick(NOON + 2 * DAY) == 1


async def test_an_organization_that_reminds_does_so_from_then_on_and_links_may_differ(notify: Notify) -> None:
    org = new_id()
    plain, silent = link_of(org_id=org, reminders=None), link_of(org_id=org, reminders=RemindersView())
    await notify.take(fact(LinkCreated, plain), fact(LinkCreated, silent))
    assert await notify.tick(NOON + 1.5 * DAY) == 0
    renamed = msgspec.structs.replace(KAMPALA, name="Kigali Coffee", locale="fr")
    await notify.take(OrganizationUpdated(org_id=org, name="x", merchant=renamed, revision=2, reminders=DAILY))
    assert await notify.tick(notify.now) == 0, "the first day has gone"
    assert await notify.tick(NOON + 2 * DAY) == 1
    assert notify.server.mails[0].headers["Subject"] == "Rappel de Kigali Coffee : Invoice #123"
    older = OrganizationUpdated(org_id=org, name="x", merchant=KAMPALA, revision=1, reminders=RemindersView())
    await notify.take(older)
    assert await notify.tick(NOON + 3 * DAY) == 1
    assert await notify.mails(silent) == []


async def test_a_reminder_that_could_not_go_out_by_day_waits_for_the_morning(notify: Notify) -> None:
    link = link_of(reminders=RemindersView(unpaid_days=(1,)))
    await notify.take(fact(LinkCreated, link))
    notify.server.answer(Reply.LATER)
    assert await notify.tick(NOON + DAY) == 0
    notify.server.answer(Reply.OK)
    assert await notify.tick(NOON + DAY + 10 * HOUR) == 0
    (waiting,) = await notify.mails(link)
    assert (waiting.state, waiting.due_at) == ("due", NOON + DAY + 20 * HOUR)
    assert await notify.tick(NOON + DAY + 20 * HOUR) == 1


async def test_one_that_waited_for_the_mail_server_until_the_next_day_is_not_a_second_one(notify: Notify) -> None:
    link = link_of(reminders=RemindersView(unpaid_days=(1, 2)))
    await notify.take(fact(LinkCreated, link))
    notify.server.answer(Reply.LATER)
    await notify.tick(NOON + DAY)
    notify.server.answer(Reply.OK)
    # Both are on their way at once: the older one gives way, the newer one makes sure of that.
    assert await notify.tick(NOON + 2 * DAY) == 0
    assert await notify.tick(NOON + 2 * DAY + HOUR) == 1
    assert await notify.tick(NOON + 2 * DAY + 2 * HOUR) == 0
    assert sorted(mail.state for mail in await notify.mails(link)) == ["sent", "skipped"]


async def test_a_scheduled_link_is_reminded_of_after_it_was_mailed(notify: Notify) -> None:
    link = link_of(scheduled_at=NOON + 5 * DAY, reminders=RemindersView(before_expiry_hours=(48,), unpaid_days=(1,)))
    await notify.take(fact(LinkCreated, link))
    assert await notify.tick(NOON + 5 * DAY) == 0
    assert await notify.tick(NOON + 6 * DAY) == 1


# Unsubscribing


def page_of(notify: Notify) -> TestClient[Any]:
    unsubscribing = Unsubscribing(SECRET, "https://pay.example")
    routes = unsubscribe_routes(notify.postgres, unsubscribing, lambda: notify.now)
    return TestClient(litestar(parts(previews=routes)))


async def reminded(notify: Notify) -> tuple[LinkView, str]:
    """A link whose first reminder has arrived, and the path in it that stops them."""
    link = link_of()
    await notify.take(fact(LinkCreated, link))
    assert await notify.tick(NOON + DAY) == 1
    url = notify.server.mails[0].headers["List-Unsubscribe"].strip("<>")
    return link, url.removeprefix("https://pay.example")


async def asked(notify: Notify, method: str, path: str, **more: Any) -> Any:
    """Over HTTP, on the test's own loop: the database belongs to it."""
    import httpx

    app = page_of(notify).app
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="https://pay.example") as client:
        return await client.request(method, path, **more)


async def test_opening_the_address_changes_nothing_and_the_button_stops_reminders(notify: Notify) -> None:
    link, path = await reminded(notify)
    page = await asked(notify, "GET", path)
    assert page.status_code == 200
    assert "Stop reminders?" in page.text
    assert f'action="{path}"' in page.text
    assert "Kampala Coffee" in page.text
    assert "amina@example.com" not in page.text
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "Arrêter les rappels" in (await asked(notify, "GET", f"{path}?lang=fr")).text
    assert await notify.postgres.fetchval("SELECT count(*) FROM unsubscribed") == 0
    done = await asked(notify, "POST", path)
    assert (done.status_code, "No more reminders" in done.text) == (200, True)
    assert "No more reminders" in (await asked(notify, "GET", path)).text
    assert await notify.tick(NOON + 2 * DAY) == 0
    assert [mail.state for mail in await notify.mails(link)] == ["sent"]


async def test_one_click_of_a_mail_app_stops_them_too_also_twice_and_what_is_due_by_then(notify: Notify) -> None:
    link, path = await reminded(notify)
    await notify.tick(NOON + 2 * DAY, send=False)
    for _ in range(2):
        assert (await asked(notify, "POST", path, data={"List-Unsubscribe": "One-Click"})).status_code == 200
    assert await notify.tick(NOON + 2 * DAY) == 0
    assert [mail.skip_reason for mail in await notify.mails(link)] == [None, "unsubscribed"]
    another = link_of(org_id=link.org_id)
    elsewhere = link_of()
    await notify.take(fact(LinkCreated, another), fact(LinkCreated, elsewhere))
    assert await notify.tick(NOON + 3 * DAY) == 1
    assert await notify.mails(another) == []
    assert [mail.state for mail in await notify.mails(elsewhere)] == ["sent"]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_address_that_is_not_ours_is_a_page_that_says_so(notify: Notify, method: str) -> None:
    _, path = await reminded(notify)
    forged = path[:-1] + ("A" if path[-1] != "A" else "B")
    for wrong in (forged, path.replace(".", ""), "/unsubscribe/x", "/unsubscribe/" + "a" * 66, path + "a"):
        page = await asked(notify, method, wrong)
        assert (page.status_code, "We cannot find this page" in page.text) == (404, True), wrong
    assert await notify.postgres.fetchval("SELECT count(*) FROM unsubscribed") == 0


async def test_the_address_in_any_other_mail_cannot_be_made_up(notify: Notify) -> None:
    """A token is for a reminder; one for a receipt, however well signed, names nobody."""
    unsubscribing = Unsubscribing(SECRET, "https://pay.example")
    await reminded(notify)
    await notify.postgres.execute("UPDATE mail SET kind = 'link'")
    (mail_id,) = [row["id"] for row in await notify.postgres.fetch("SELECT id FROM mail")]
    path = unsubscribing.url(mail_id).removeprefix("https://pay.example")
    assert (await asked(notify, "POST", path)).status_code == 404
