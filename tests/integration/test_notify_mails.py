"""The ledger of mails against a real mail server that fails in every way, on real PostgreSQL.

Whatever the server does, a charge has one mail under one Message-ID, and the ledger says what became of it.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from deploy.local.mailbox.smtp import Reply
from services.notify.domain.pacing import DomainPace
from services.notify.mailers.smtp import SmtpMailer
from services.notify.settings import SmtpServer
from services.notify.store import mail as ledger
from services.notify.use_cases import send_mails
from services.notify.use_cases.intend_receipts import intend_receipts
from services.notify.use_cases.list_mails import list_mails
from services.notify.use_cases.send_mails import Batch, SendMails
from shared.contracts.envelope import Event
from shared.contracts.notify import ListMails, MailView
from shared.kernel.moment import utc_now
from shared.runtime.postgres import Postgres
from tests.conftest import Database
from tests.support.bus import until
from tests.support.mails import MailServer, failed, mail_server, paid, received, writer

IMPATIENT_SECONDS = 0.4


@dataclass
class Notify:
    """notify without its bus: facts go in by hand, and its clock stands still until it is moved."""

    postgres: Postgres
    server: MailServer
    mailer: SmtpMailer
    now: datetime = field(default_factory=utc_now)
    rung: int = 0

    async def take(self, *events: Event) -> None:
        async with self.postgres.transaction() as tx:
            facts = [received(event) for event in events]
            await intend_receipts(tx, facts, message_host="pay.example", now=self.now)

    def sender(self) -> SendMails:
        return SendMails(
            self.postgres,
            self.mailer,
            writer=writer(self.postgres, sender="receipts@pay.example"),
            pace=DomainPace(1_000),
            clock=lambda: self.now,
            committed=self._ring,
        )

    async def send(self) -> Batch:
        return await self.sender().once()

    async def send_later(self, **later: float) -> Batch:
        self.now += timedelta(**later)
        return await self.send()

    async def mails(self, **ask: Any) -> list[MailView]:
        return await list_mails(self.postgres, ListMails(**ask))

    async def only(self) -> MailView:
        (mail,) = await self.mails()
        return mail

    async def facts(self) -> list[tuple[str, dict[str, Any]]]:
        rows = await self.postgres.fetch("SELECT type, data FROM outbox ORDER BY position")
        return [(row["type"], msgspec.json.decode(row["data"])) for row in rows]

    def impatient(self, seconds: float = IMPATIENT_SECONDS) -> None:
        """For servers that hang. One that answers is waited for, since a busy machine is slow, too."""
        where = SmtpServer(host="127.0.0.1", port=self.server.port)
        self.mailer = SmtpMailer(where, local_hostname="pay.example", answer_seconds_max=seconds)

    def _ring(self) -> None:
        self.rung += 1


@pytest.fixture
async def notify(database: Database, tmp_path: Path) -> AsyncGenerator[Notify, None]:
    postgres = await Postgres.connect(await database("notify"), name="tests", size_max=4)
    async with mail_server(tmp_path / "maildir") as server:
        where = SmtpServer(host="127.0.0.1", port=server.port)
        running = Notify(postgres, server, SmtpMailer(where, local_hostname="pay.example"))
        yield running
        await running.mailer.close()
    await postgres.close()


async def test_a_paid_charge_gets_one_receipt_and_the_ledger_and_the_bus_say_so(notify: Notify) -> None:
    charge = paid()
    await notify.take(charge)
    await notify.send()
    mail = await notify.only()
    (arrived,) = notify.server.mails
    assert (mail.state, mail.attempts, mail.sent_at) == ("sent", 1, notify.now)
    assert arrived.message_id == mail.message_id == f"<{mail.id}@pay.example>"
    assert arrived.to == "buyer@example.com"
    assert arrived.headers["From"] == "Kampala Coffee <receipts@pay.example>"
    assert arrived.headers["Reply-To"] == "help@kampala.example"
    assert "UGX" in arrived.text
    assert "See the receipt" in arrived.html
    ((name, fact),) = await notify.facts()
    assert name == "notify.mail.sent"
    assert (fact["charge_id"], fact["message_id"]) == (str(charge.charge_id), mail.message_id)
    assert "buyer@example.com" not in str(fact)
    assert notify.rung == 1


async def test_the_same_charge_told_again_gets_no_second_mail(notify: Notify) -> None:
    charge = paid()
    await notify.take(charge, charge)
    await notify.take(charge)
    await notify.send()
    await notify.send()
    assert notify.server.deliveries() == Counter({(await notify.only()).message_id: 1})


@pytest.mark.parametrize("email", [None, "", "   ", "nobody", "a b@c.test", "a@b.test\r\nBcc: x@y.test"])
async def test_a_buyer_without_a_usable_address_is_skipped_and_the_ledger_says_why(
    notify: Notify, email: str | None
) -> None:
    await notify.take(paid(email))
    batch = await notify.send()
    assert batch.claimed == 0
    assert (await notify.only()).state == "skipped"
    assert [(name, fact["reason"]) for name, fact in await notify.facts()] == [("notify.mail.skipped", "no_address")]
    assert notify.server.mails == []


async def test_a_batch_is_taken_in_and_sent_whole(notify: Notify) -> None:
    charges = [paid(f"buyer{n}@example.com") for n in range(120)]
    await notify.take(*charges)
    while (await notify.send()).claimed:
        pass
    assert {mail.to for mail in notify.server.mails} == {f"buyer{n}@example.com" for n in range(120)}
    assert set(notify.server.deliveries().values()) == {1}
    assert Counter(mail.state for mail in await notify.mails(limit=500)) == {"sent": 120}


async def test_a_server_that_says_later_is_asked_later_under_the_same_message_id(notify: Notify) -> None:
    await notify.take(paid())
    notify.server.answer(Reply.LATER)
    await notify.send()
    first = await notify.only()
    assert (first.state, first.attempts) == ("due", 1)
    assert "451" in (first.last_error or "")
    assert timedelta(seconds=8) <= first.due_at - notify.now <= timedelta(seconds=12)
    assert (await notify.send_later(seconds=7)).claimed == 0
    notify.server.answer(Reply.OK)
    await notify.send_later(seconds=6)
    second = await notify.only()
    assert (second.state, second.attempts, second.last_error) == ("sent", 2, None)
    assert notify.server.deliveries() == Counter({first.message_id: 1})


async def test_a_refusal_for_good_ends_it_and_the_fact_keeps_the_address_to_itself(notify: Notify) -> None:
    await notify.take(paid())
    notify.server.answer(Reply.NEVER)
    await notify.send()
    mail = await notify.only()
    assert (mail.state, mail.attempts) == ("failed", 1)
    assert "550" in (mail.last_error or "")
    ((name, fact),) = await notify.facts()
    assert name == "notify.mail.failed"
    assert fact["reason"].startswith("550")
    assert "buyer@example.com" not in fact["reason"]
    assert (await notify.send_later(days=10)).claimed == 0


async def test_a_server_that_hangs_after_the_content_is_tried_again_under_the_same_message_id(notify: Notify) -> None:
    await notify.take(paid())
    notify.impatient()
    notify.server.answer(Reply.HANG)
    await notify.send()
    mail = await notify.only()
    assert (mail.state, mail.attempts) == ("due", 1)
    notify.server.answer(Reply.OK)
    await notify.send_later(seconds=3)
    assert (await notify.only()).state == "sent"
    assert notify.server.deliveries() == Counter({mail.message_id: 1})


async def test_a_connection_lost_before_the_answer_repeats_the_mail_and_never_its_message_id(notify: Notify) -> None:
    """SMTP cannot give exactly once here: the server had it. The copy bears the same Message-ID and the same bytes."""
    await notify.take(paid())
    notify.server.answer(Reply.DROP_BEFORE_250)
    await notify.send()
    assert (await notify.only()).state == "due"
    notify.server.answer(Reply.OK)
    await notify.send_later(seconds=3)
    mail = await notify.only()
    assert (mail.state, mail.attempts) == ("sent", 2)
    assert notify.server.deliveries() == Counter({mail.message_id: 2})
    one, other = notify.server.mails
    assert (one.text, one.html, one.headers["Date"]) == (other.text, other.html, other.headers["Date"])
    assert [name for name, _ in await notify.facts()] == ["notify.mail.sent"]


async def test_a_connection_dropped_after_250_costs_the_next_mail_nothing(notify: Notify) -> None:
    notify.server.answer(Reply.DROP_AFTER_250)
    for _ in range(3):
        await notify.take(paid())
        await notify.send()
    assert [(mail.state, mail.attempts) for mail in await notify.mails()] == [("sent", 1)] * 3
    assert set(notify.server.deliveries().values()) == {1}


async def test_while_the_server_is_away_no_attempt_is_counted_and_nothing_is_lost(notify: Notify) -> None:
    await notify.take(*(paid() for _ in range(9)))
    await notify.server.stop()
    for _ in range(3):
        assert (await notify.send()).unreachable
    assert [(mail.state, mail.attempts) for mail in await notify.mails()] == [("due", 0)] * 9
    await notify.server.start()
    await notify.send()
    assert [mail.state for mail in await notify.mails()] == ["sent"] * 9
    assert set(notify.server.deliveries().values()) == {1}


async def test_an_address_beyond_ascii_is_written_to_as_the_server_can_take_it(notify: Notify) -> None:
    await notify.take(paid("amélie@bücher.example"), paid("sam@bücher.example"))
    await notify.send()
    assert [mail.state for mail in await notify.mails()] == ["sent", "sent"]
    assert {mail.to for mail in notify.server.mails} == {"amélie@xn--bcher-kva.example", "sam@xn--bcher-kva.example"}


async def test_a_mail_that_cannot_be_written_holds_up_no_other_and_is_kept(notify: Notify) -> None:
    await notify.take(paid(), paid())
    broken = (await notify.mails())[0]
    await notify.postgres.execute("UPDATE mail SET context = '{}' WHERE id = $1", broken.id)
    await notify.send()
    assert sorted(mail.state for mail in await notify.mails()) == ["due", "sent"]
    assert "not composed" in ((await notify.mails(state="due"))[0].last_error or "")


async def test_what_a_killed_sender_left_is_sent_after_its_lease(notify: Notify) -> None:
    await notify.take(paid())
    token = uuid4()
    until = notify.now + send_mails.LEASE
    await ledger.claim(notify.postgres, lease_token=token, now=notify.now, leased_until=until, limit=10)
    assert (await notify.send_later(seconds=14)).claimed == 0
    assert (await notify.send_later(seconds=2)).claimed == 1
    assert (await notify.only()).state == "sent"


async def test_a_sender_that_lost_its_lease_changes_nothing_and_tells_nothing(notify: Notify) -> None:
    await notify.take(paid())
    notify.impatient(seconds=2)
    slow = asyncio.create_task(notify.send())
    notify.server.answer(Reply.HANG)
    await asyncio.sleep(0.1)
    await notify.postgres.execute("UPDATE mail SET state = 'due', lease_token = NULL, due_at = $1", notify.now)
    notify.server.answer(Reply.OK)
    await notify.send()
    sent = await notify.only()
    await slow
    assert await notify.only() == sent
    assert [name for name, _ in await notify.facts()] == ["notify.mail.sent"]


async def test_several_senders_at_once_send_each_mail_once(notify: Notify) -> None:
    await notify.take(*(paid() for _ in range(150)))
    senders = [notify.sender() for _ in range(3)]

    async def all_of_it(sender: SendMails) -> None:
        while (await sender.once()).claimed:
            pass

    await asyncio.gather(*map(all_of_it, senders))
    assert len(notify.server.mails) == 150
    assert set(notify.server.deliveries().values()) == {1}


async def test_a_slow_mail_keeps_its_lease_and_the_others_are_written_down_meanwhile(
    notify: Notify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send_mails, "RENEW_SECONDS", 0.1)
    await notify.take(paid("first@example.com"))
    notify.impatient(seconds=2)
    notify.server.answer(Reply.HANG)
    sending = asyncio.create_task(notify.send())
    await asyncio.sleep(0.15)
    before = (await notify.only()).due_at
    notify.now += timedelta(seconds=10)

    async def later() -> bool:
        return (await notify.only()).due_at > before

    await until(later, seconds=1.5, what="the lease is made longer")
    assert not sending.done(), "the mail is still under way"
    await sending


async def test_a_sender_told_to_stop_writes_down_what_was_sent(notify: Notify) -> None:
    await notify.take(*(paid() for _ in range(40)))
    sending = asyncio.create_task(notify.send())
    while len(notify.server.mails) < 5:  # noqa: ASYNC110 - a folder cannot ring
        await asyncio.sleep(0.002)
    sending.cancel()
    with suppress(asyncio.CancelledError):
        await sending
    states = Counter(mail.state for mail in await notify.mails())
    assert states["sent"] == len(notify.server.mails) < 40
    assert states["sending"] == 0
    await notify.send()
    assert set(notify.server.deliveries().values()) == {1}
    assert len(notify.server.mails) == 40


async def test_a_database_that_is_away_when_a_mail_was_sent_hears_of_it_later(
    notify: Notify, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shared.kernel.faults import Unavailable

    really, calls = ledger.settle, 0

    async def settle(*args: Any, **named: Any) -> None:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise Unavailable("postgres")
        await really(*args, **named)

    monkeypatch.setattr(ledger, "settle", settle)
    monkeypatch.setattr(send_mails, "SETTLE_AGAIN_SECONDS", 0.01)
    await notify.take(paid())
    await notify.send()
    assert (await notify.only()).state == "sent"
    assert notify.server.deliveries() == Counter({(await notify.only()).message_id: 1})


async def test_the_ledger_is_read_by_charge_link_and_state(notify: Notify) -> None:
    wanted, other = paid(), paid(None)
    await notify.take(wanted, other)
    assert [mail.charge_id for mail in await notify.mails(charge_id=wanted.charge_id)] == [wanted.charge_id]
    assert [mail.charge_id for mail in await notify.mails(link_id=other.link_id)] == [other.charge_id]
    assert [mail.charge_id for mail in await notify.mails(state="skipped")] == [other.charge_id]
    assert len(await notify.mails(limit=1)) == 1


async def test_finding_what_is_due_reads_an_index_and_not_the_ledger(notify: Notify) -> None:
    await notify.postgres.execute(
        "INSERT INTO mail (id, org_id, charge_id, kind, to_address, locale, context, message_id, state, due_at,"
        " created_at) SELECT uuidv7(), uuidv7(), uuidv7(), 'receipt', 'a@b.test', 'en', '{}', n::text, 'sent', now(),"
        " now() FROM generate_series(1, 5000) n"
    )
    await notify.postgres.execute("ANALYZE mail")
    plan = await notify.postgres.fetch(
        "EXPLAIN SELECT id FROM mail WHERE state IN ('due', 'sending') AND due_at <= now() ORDER BY due_at LIMIT 50"
    )
    assert any("mail_due" in row[0] for row in plan), plan


async def test_who_waited_for_long_and_in_vain_is_told_once_and_where_to_try_again(notify: Notify) -> None:
    charge = failed()
    await notify.take(charge, charge, failed(pending_since=None), failed(None), failed(buyer=None))
    await notify.send()
    (arrived,) = notify.server.mails
    assert arrived.headers["Subject"].startswith("Your payment of UGX")
    assert "Not enough money" in arrived.text
    assert "https://pay.example/checkout/invoice-123" in arrived.text
    assert ((await notify.only()).kind, (await notify.only()).charge_id) == ("payment_failed", charge.charge_id)


async def test_who_has_paid_in_the_meantime_is_not_told_of_a_failure(notify: Notify) -> None:
    charge = failed()
    again = paid("Buyer@example.com", link_id=charge.link_id)
    other = failed("other@example.com", link_id=charge.link_id)
    await notify.take(charge, other, again)
    await notify.send()
    assert sorted((mail.to, mail.headers["Subject"][:7]) for mail in notify.server.mails) == [
        ("Buyer@example.com", "Receipt"),
        ("other@example.com", "Your pa"),
    ]
    (skipped,) = await notify.mails(state="skipped")
    assert (skipped.kind, skipped.skip_reason) == ("payment_failed", "paid")
