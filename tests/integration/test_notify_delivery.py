"""What the ledger says and what a mail server has, however it fails.

`PAYLINKS_FAULTS=full` throws the dice ten times as often.
"""

import os
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.notify.domain.pacing import DomainPace
from services.notify.mailers.smtp import SmtpMailer
from services.notify.settings import SmtpServer, Tls
from services.notify.use_cases.intend_receipts import intend_receipts
from services.notify.use_cases.list_mails import list_mails
from services.notify.use_cases.send_mails import SendMails
from shared.contracts.envelope import Event
from shared.contracts.notify import ListMails, MailView
from shared.kernel.ids import new_id
from shared.kernel.moment import utc_now
from shared.runtime.postgres import Postgres
from tests.support.certificates import self_signed, server_context
from tests.support.mails import paid, received, writer
from tests.support.misbehaving_smtp import MANNERS, MisbehavingServer, misbehaving_server
from tests.support.servers import Databases

FULL = os.environ.get("PAYLINKS_FAULTS") == "full"
MAILS = 600 if FULL else 60
ROUNDS_MAX = 2_000 if FULL else 400
IMPATIENT_SECONDS = 0.3


@dataclass
class Sending:
    """notify's courier, with a clock that stands still until it is moved."""

    postgres: Postgres
    mailer: SmtpMailer
    pace: DomainPace = field(default_factory=lambda: DomainPace(10_000))
    now: datetime = field(default_factory=utc_now)

    async def take(self, *events: Event) -> None:
        async with self.postgres.transaction() as tx:
            facts = [received(event) for event in events]
            await intend_receipts(tx, facts, message_host="pay.example", now=self.now)

    async def send(self, **later: float) -> int:
        self.now += timedelta(**later)
        sender = SendMails(
            self.postgres,
            self.mailer,
            writer=writer(self.postgres),
            pace=self.pace,
            clock=lambda: self.now,
            committed=lambda: None,
        )
        return (await sender.once()).claimed

    async def mails(self, **ask: Any) -> list[MailView]:
        return await list_mails(self.postgres, ListMails(limit=500, **ask))


@pytest.fixture(scope="module")
async def postgres(databases: Databases) -> AsyncGenerator[Postgres]:
    dsn = await databases.clone("notify")
    postgres = await Postgres.connect(dsn, name="tests", size_max=6)
    yield postgres
    await postgres.close()
    await databases.drop(dsn)


@pytest.fixture
async def clean(postgres: Postgres) -> Postgres:
    await postgres.execute("TRUNCATE mail, suppression, outbox")
    return postgres


def mailer_to(
    server: MisbehavingServer, *, seconds: float = 5, tls: Tls = "offered", ca_file: Path | None = None
) -> SmtpMailer:
    where = SmtpServer(
        host="localhost", port=server.port, tls=tls, ca_file=str(ca_file) if ca_file is not None else None
    )
    return SmtpMailer(where, local_hostname="pay.example", answer_seconds_max=seconds)


async def test_whatever_a_mail_server_does_the_ledger_and_it_agree_and_nobody_has_a_second_message_id(
    clean: Postgres,
) -> None:
    async with misbehaving_server(seed=7) as server:
        sending = Sending(clean, mailer_to(server, seconds=IMPATIENT_SECONDS))
        org = new_id()
        buyers = [f"buyer{n}@example.com" for n in range(MAILS)]
        await sending.take(*(paid(buyer, org_id=org) for buyer in buyers))
        for _ in range(ROUNDS_MAX):
            next_due = await clean.fetchval("SELECT min(due_at) FROM mail WHERE state IN ('due', 'sending')")
            if next_due is None:
                break
            sending.now = max(sending.now, next_due) + timedelta(seconds=1)
            await sending.send()
        rows = await clean.fetch("SELECT state, to_address, message_id, last_error FROM mail")
        await sending.mailer.close()
    assert set(server.met) == set(MANNERS), "every way to fail was met"
    got = server.ids_of()
    ledger = {row["to_address"]: row for row in rows}
    states = Counter(row["state"] for row in rows)
    copies = Counter(server.kept)
    print(f"\n{len(rows)} mails: {dict(states)}; {sum(times - 1 for times in copies.values())} copies; {server.met}")
    assert len(rows) == MAILS == states["sent"] + states["failed"]
    for buyer, row in ledger.items():
        assert got.get(buyer, set()) <= {row["message_id"]}, "one Message-ID for one mail"
        if row["state"] == "sent":
            assert got[buyer], "what the ledger calls sent is there"
        elif got.get(buyer):
            assert buyer in server.unanswered, "what the ledger calls failed is there only if the server hid it"
    refused = [row for row in rows if row["state"] == "failed"]
    assert all(row["last_error"].startswith(("5", "gave up")) for row in refused)
    suppressed = {row["address"] for row in await clean.fetch("SELECT address FROM suppression")}
    assert suppressed == {row["to_address"] for row in refused if "5.1.1" in row["last_error"]}
    facts = Counter(row["type"] for row in await clean.fetch("SELECT type FROM outbox"))
    assert facts == {"notify.mail.sent": states["sent"], "notify.mail.failed": states["failed"]}


async def test_an_address_that_does_not_exist_is_written_to_once_and_another_organization_finds_out_itself(
    clean: Postgres,
) -> None:
    async with misbehaving_server(manners=["unknown_user"]) as server:
        sending = Sending(clean, mailer_to(server))
        org = new_id()
        await sending.take(paid("Gone@example.com", org_id=org))
        await sending.send()
        server.manners = ["good"]
        await sending.take(paid("gone@EXAMPLE.com", org_id=org), paid("gone@example.com"), paid(org_id=org))
        await sending.send()
        await sending.mailer.close()
    mails = {(mail.to_address, mail.org_id == org): mail for mail in await sending.mails()}
    first, second = mails["Gone@example.com", True], mails["gone@EXAMPLE.com", True]
    assert (first.state, second.state, second.attempts) == ("failed", "suppressed", 0)
    assert mails["gone@example.com", False].state == mails["buyer@example.com", True].state == "sent"
    (known,) = await clean.fetch("SELECT org_id, address, answer, mail_id FROM suppression")
    assert (known["org_id"], known["address"], known["mail_id"]) == (org, "gone@example.com", first.id)
    assert known["answer"].startswith("550 5.1.1")
    kinds = [row["type"] for row in await clean.fetch("SELECT type FROM outbox WHERE type LIKE '%suppressed'")]
    assert kinds == ["notify.mail.suppressed"]


async def test_a_refusal_of_one_mail_is_not_one_of_its_address(clean: Postgres) -> None:
    async with misbehaving_server(manners=["refused_after_content"]) as server:
        sending = Sending(clean, mailer_to(server))
        await sending.take(paid())
        await sending.send()
        await sending.mailer.close()
    assert [mail.state for mail in await sending.mails()] == ["failed"]
    assert await clean.fetchval("SELECT count(*) FROM suppression") == 0


async def test_one_domain_hears_from_us_at_its_pace_while_others_are_served(clean: Postgres) -> None:
    async with misbehaving_server(manners=["good"]) as server:
        sending = Sending(clean, mailer_to(server), pace=DomainPace(5))
        await sending.take(*(paid(f"buyer{n}@big.example") for n in range(20)), paid("one@small.example"))
        await sending.send()
        first = Counter(recipient.partition("@")[2] for recipient, _ in server.kept)
        assert first == {"big.example": 5, "small.example": 1}
        waiting = await sending.mails(state="due")
        assert len({mail.due_at for mail in waiting}) == 15, "they come back one by one"
        assert {mail.attempts for mail in waiting} == {0}
        for _ in range(8):
            await sending.send(seconds=1)
        assert Counter(mail.state for mail in await sending.mails()) == {"sent": 21}
        await sending.mailer.close()


# TLS


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("tls") / "localhost.pem")


@pytest.mark.parametrize(("tls", "from_start"), [("offered", False), ("required", False), ("always", True)])
async def test_a_mail_goes_sealed_where_the_server_can(
    clean: Postgres, authority: Path, tls: Tls, *, from_start: bool
) -> None:
    async with misbehaving_server(manners=["good"], tls=server_context(authority), from_start=from_start) as server:
        sending = Sending(clean, mailer_to(server, tls=tls, ca_file=authority))
        await sending.take(paid(), paid())
        await sending.send()
        await sending.mailer.close()
    assert [mail.state for mail in await sending.mails()] == ["sent", "sent"]
    assert server.sealed == [True, True]


async def test_no_mail_goes_unsealed_to_a_server_that_should_but_cannot(clean: Postgres) -> None:
    async with misbehaving_server(manners=["good"]) as server:
        sending = Sending(clean, mailer_to(server, tls="required"))
        await sending.take(paid())
        await sending.send()
        await sending.mailer.close()
    assert [(mail.state, mail.attempts) for mail in await sending.mails()] == [("due", 0)]
    assert server.kept == []


async def test_no_mail_goes_to_a_server_whose_certificate_nobody_knows(clean: Postgres, authority: Path) -> None:
    async with misbehaving_server(manners=["good"], tls=server_context(authority), from_start=True) as server:
        sending = Sending(clean, mailer_to(server, tls="always"))
        await sending.take(paid())
        await sending.send()
        await sending.mailer.close()
    assert [(mail.state, mail.attempts) for mail in await sending.mails()] == [("due", 0)]
    assert server.kept == []
