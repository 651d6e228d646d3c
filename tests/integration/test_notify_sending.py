"""What keeps sending cheap must not change what arrives: many links looked up at once, and content written as it is."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from services.notify.domain.delivery import Delivered, Refused
from services.notify.mailers.message import compose
from services.notify.mailers.port import Letter
from services.notify.mailers.smtp import SmtpMailer
from services.notify.settings import SmtpServer
from services.notify.use_cases import fresh_links
from services.notify.use_cases.fresh_links import FreshLinks
from services.notify.use_cases.link_mails import take_link_facts
from shared.contracts.links import LinkCreated, LinkView
from shared.kernel.ids import new_id
from shared.runtime.postgres import Postgres
from tests.support.link_mails import SCHEDULED_AT, view
from tests.support.mails import MailServer, mail_server, received
from tests.support.servers import Databases
from tests.unit.notify.test_message import a_message

DOTS = ".\n..\n.begins with a point\nends with one.\n\n.\n"


@pytest.fixture(scope="module")
async def postgres(databases: Databases) -> AsyncGenerator[Postgres]:
    dsn = await databases.clone("notify")
    pool = await Postgres.connect(dsn, name="tests", size_max=4)
    yield pool
    await pool.close()
    await databases.drop(dsn)


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[MailServer]:
    async with mail_server(tmp_path / "maildir") as running:
        yield running


async def noted(postgres: Postgres, link: LinkView) -> LinkView:
    async with postgres.transaction() as tx:
        fact = LinkCreated(org_id=link.org_id, link_id=link.id, link=link)
        await take_link_facts(tx, [received(fact)], now=SCHEDULED_AT)
    return link


async def test_lines_that_begin_with_a_point_arrive_as_they_were_written(server: MailServer) -> None:
    mailer = SmtpMailer(SmtpServer(host="127.0.0.1", port=server.port), local_hostname="pay.example")
    content = compose(a_message(text=DOTS, html=DOTS))
    letters = [
        Letter(sender="a@pay.example", recipient=f"{n}@example.com", content=content.replace(b"<1@", f"<{n}@".encode()))
        for n in range(3)
    ]
    assert [await mailer.deliver(letter) for letter in letters] == [Delivered()] * 3
    await mailer.close()
    assert {mail.text.replace("\r\n", "\n") for mail in server.mails} == {DOTS}
    assert sorted(mail.to for mail in server.mails) == ["0@example.com", "1@example.com", "2@example.com"]


@pytest.mark.parametrize(
    "recipient", ["a b@example.com", "a@b@c", "<a@example.com>", "a@example.com\r\nDATA", "nobody"]
)
async def test_what_is_no_address_never_becomes_a_command(server: MailServer, recipient: str) -> None:
    mailer = SmtpMailer(SmtpServer(host="127.0.0.1", port=server.port), local_hostname="pay.example")
    letter = Letter(sender="a@pay.example", recipient=recipient, content=compose(a_message()))
    outcome = await mailer.deliver(letter)
    await mailer.close()
    assert isinstance(outcome, Refused)
    assert server.mails == []


async def test_links_are_looked_up_together_and_again_when_that_is_a_second_ago(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = [await noted(postgres, view()) for _ in range(2)]
    known = FreshLinks(postgres)
    known.expect([first.id, second.id])
    assert (await known.find(first.id)).standing == "active"
    await postgres.execute("UPDATE link_mail SET standing = 'revoked'")
    # One look served both: this one is a moment old.
    assert (await known.find(second.id)).standing == "active"
    known.expect([second.id])
    assert (await known.find(second.id)).standing == "revoked"
    monkeypatch.setattr(fresh_links, "FRESH_SECONDS", 0)
    known.expect([second.id])
    await known.find(second.id)
    await postgres.execute("UPDATE link_mail SET standing = 'paused'")
    assert (await known.find(second.id)).standing == "paused"


async def test_a_link_that_nobody_knows_or_expected_is_looked_up_by_itself(postgres: Postgres) -> None:
    link = await noted(postgres, view())
    known = FreshLinks(postgres)
    known.expect([new_id()])
    found = await known.find(link.id)
    assert found is not None
    assert found.link_id == link.id
    assert await known.find(new_id()) is None
