"""One-time codes at notify: drawn, mailed and guessed, on real PostgreSQL and a real mail server."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from deploy.local.mailbox.smtp import Reply
from services.notify.domain.otp import ATTEMPTS_MAX
from services.notify.domain.pacing import DomainPace
from services.notify.mailers.smtp import SmtpMailer
from services.notify.settings import SmtpServer
from services.notify.use_cases.list_mails import list_mails
from services.notify.use_cases.otp import Codes, check_otp, forget_codes, take_otp_requests, verify_otp
from services.notify.use_cases.send_mails import SendMails
from shared.contracts.envelope import Received
from shared.contracts.notify import ListMails, MailView
from shared.contracts.otp import CheckOtp, OtpRefused, OtpRequested, OtpVerified, VerifyOtp, VerifyOtpReply
from shared.kernel.ids import new_id
from shared.kernel.moment import utc_now
from shared.runtime.postgres import Postgres
from tests.conftest import Database
from tests.support.mails import MailServer, mail_server, writer
from tests.support.otp import BUYER, asked, code_in, taken, wrong_code

PARALLEL = 200


@dataclass
class Desk:
    """notify without its bus; its clock stands still until it is moved."""

    postgres: Postgres
    server: MailServer
    mailer: SmtpMailer
    codes: Codes = field(default_factory=lambda: Codes(b"s" * 32))
    now: datetime = field(default_factory=utc_now)

    async def take(self, *facts: Received) -> None:
        async with self.postgres.transaction() as tx:
            await take_otp_requests(tx, facts, codes=self.codes, message_host="pay.example", now=self.now)

    async def ask(self, event: OtpRequested | None = None) -> Received:
        self.now += timedelta(milliseconds=1)
        fact = taken(event or asked(), self.now)
        await self.take(fact)
        return fact

    async def send(self) -> None:
        await SendMails(
            self.postgres,
            self.mailer,
            writer=writer(self.postgres, sender="codes@pay.example"),
            pace=DomainPace(1_000),
            clock=lambda: self.now,
            committed=lambda: None,
        ).once()

    async def code(self, **over: Any) -> str:
        """Of a request whose mail has arrived."""
        await self.ask(asked(**over))
        await self.send()
        return code_in(max(self.server.mails, key=lambda mail: mail.message_id))

    async def guess(self, code: str, **over: Any) -> VerifyOtpReply:
        return await verify_otp(
            self.postgres, VerifyOtp(**{"email": BUYER, "code": code} | over), codes=self.codes, now=self.now
        )

    async def check(self, code: str, email: str = BUYER) -> VerifyOtpReply:
        return await check_otp(self.postgres, CheckOtp(email=email, code=code), codes=self.codes, now=self.now)

    async def ledger(self) -> list[MailView]:
        return await list_mails(self.postgres, ListMails())

    async def sealed(self) -> int:
        return await self.postgres.fetchval("SELECT count(*) FROM otp_challenge WHERE sealed_code IS NOT NULL")


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> AsyncGenerator[Desk, None]:
    postgres = await Postgres.connect(await database("notify"), name="tests", size_max=12)
    async with mail_server(tmp_path / "maildir") as server:
        where = SmtpServer(host="127.0.0.1", port=server.port)
        mailer = SmtpMailer(where, local_hostname="pay.example", answer_seconds_max=0.4)
        yield Desk(postgres, server, mailer)
        await mailer.close()
    await postgres.close()


def refusal(answer: VerifyOtpReply) -> str:
    assert isinstance(answer, OtpRefused), answer
    return answer.reason


async def test_the_code_in_the_mail_proves_the_address_once(desk: Desk) -> None:
    fact = await desk.ask()
    await desk.send()
    (mail,) = desk.server.mails
    code = code_in(mail)
    answer = await desk.guess(code)
    assert isinstance(answer, OtpVerified)
    assert (answer.challenge_id, answer.email, answer.verified_at) == (fact.id, BUYER, desk.now)
    assert refusal(await desk.guess(code)) == "used"


async def test_the_mail_says_the_code_in_its_body_and_nowhere_else(desk: Desk) -> None:
    code = await desk.code()
    (mail,) = desk.server.mails
    assert mail.headers["From"] == "Kampala Coffee <codes@pay.example>"
    assert mail.headers["Reply-To"] == "help@kampala.example"
    assert code in mail.html
    assert all(code not in value for value in mail.headers.values())


async def test_of_200_guesses_at_once_five_are_compared_and_none_of_them_is_right(desk: Desk) -> None:
    code = await desk.code()
    wrong = [f"{number:06d}" for number in range(PARALLEL + 1) if f"{number:06d}" != code][:PARALLEL]
    answers = Counter(refusal(one) for one in await asyncio.gather(*(desk.guess(guess) for guess in wrong)))
    assert answers["too_many"] >= PARALLEL - ATTEMPTS_MAX
    assert await desk.postgres.fetchval("SELECT attempts FROM otp_challenge") == ATTEMPTS_MAX
    # The right one comes too late.
    last = await desk.guess(code)
    assert isinstance(last, OtpRefused)
    assert last.reason == "too_many"
    assert last.retry_at is not None
    assert desk.now < last.retry_at <= desk.now + timedelta(hours=1)


async def test_of_200_right_guesses_at_once_one_is_believed(desk: Desk) -> None:
    code = await desk.code()
    answers = await asyncio.gather(*(desk.guess(code) for _ in range(PARALLEL)))
    assert sum(isinstance(answer, OtpVerified) for answer in answers) == 1


async def test_a_new_code_ends_the_old_one_and_brings_no_new_attempts(desk: Desk) -> None:
    old = await desk.code()
    for _ in range(3):
        await desk.guess(wrong_code(old))
    new = await desk.code()
    assert refusal(await desk.guess(old)) == "wrong"
    assert isinstance(await desk.guess(new), OtpVerified)


async def test_when_the_attempts_are_gone_no_mail_goes_out_until_their_hour_is_over(desk: Desk) -> None:
    code = await desk.code()
    for _ in range(ATTEMPTS_MAX):
        await desk.guess(wrong_code(code))
    await desk.ask()
    await desk.send()
    assert len(desk.server.mails) == 1
    desk.now += timedelta(hours=1)
    assert isinstance(await desk.guess(await desk.code()), OtpVerified)


async def test_a_code_is_good_for_ten_minutes(desk: Desk) -> None:
    code = await desk.code()
    desk.now += timedelta(minutes=10)
    assert refusal(await desk.guess(code)) == "expired"


async def test_a_code_opens_the_link_it_was_asked_for_and_no_other(desk: Desk) -> None:
    link, other = new_id(), new_id()
    code = await desk.code(link_id=link)
    assert refusal(await desk.guess(code)) == "unknown"
    assert refusal(await desk.guess(code, link_id=other)) == "unknown"
    assert refusal(await desk.guess(code, link_id=link, email="other@example.com")) == "unknown"
    assert isinstance(await desk.guess(code, link_id=link), OtpVerified)


async def test_an_address_that_nobody_waits_for_gets_no_mail_and_the_same_answers(desk: Desk) -> None:
    await desk.ask(asked(known=False))
    await desk.send()
    assert desk.server.mails == []
    answers = [refusal(await desk.guess(f"{number:06d}")) for number in range(ATTEMPTS_MAX + 1)]
    assert answers == ["wrong"] * (ATTEMPTS_MAX - 1) + ["too_many"] * 2
    assert await desk.sealed() == 0


async def test_the_fact_told_again_makes_no_second_code_and_no_second_mail(desk: Desk) -> None:
    fact = await desk.ask()
    await desk.take(fact)
    await desk.send()
    await desk.take(fact)
    await desk.send()
    (mail,) = desk.server.mails
    assert isinstance(await desk.guess(code_in(mail)), OtpVerified)
    assert len(await desk.ledger()) == 1


async def test_a_request_that_comes_in_late_is_in_the_ledger_as_skipped(desk: Desk) -> None:
    fact = taken(asked(), desk.now)
    desk.now += timedelta(minutes=10)
    await desk.take(fact)
    await desk.send()
    (mail,) = await desk.ledger()
    assert (mail.kind, mail.state) == ("otp", "skipped")
    assert desk.server.mails == []


@pytest.mark.parametrize("minutes", [0, 10])
async def test_a_mail_whose_code_was_replaced_or_has_run_out_is_not_sent(desk: Desk, minutes: int) -> None:
    await desk.ask()
    if minutes:
        desk.now += timedelta(minutes=minutes)
        await desk.send()
        assert [mail.state for mail in await desk.ledger()] == ["skipped"]
        return
    newer = await desk.ask()
    await desk.send()
    assert [mail.message_id for mail in desk.server.mails] == [f"<{newer.id}@pay.example>"]
    assert sorted(mail.state for mail in await desk.ledger()) == ["sent", "skipped"]


async def test_the_sealed_code_is_gone_when_the_mail_is_out_or_the_time_is_over(desk: Desk) -> None:
    await desk.ask()
    assert await desk.sealed() == 1
    await desk.send()
    assert await desk.sealed() == 0
    await desk.ask()
    desk.now += timedelta(minutes=10)
    await forget_codes(desk.postgres, desk.now)
    assert await desk.sealed() == 0
    desk.now += timedelta(hours=1)
    await forget_codes(desk.postgres, desk.now)
    assert await desk.postgres.fetchval("SELECT count(*) FROM otp_challenge") == 0


async def test_a_mail_that_may_have_arrived_goes_again_with_the_same_code_and_id(desk: Desk) -> None:
    desk.server.answer(Reply.DROP_BEFORE_250)
    await desk.ask()
    await desk.send()
    desk.server.answer(Reply.OK)
    desk.now += timedelta(seconds=5)
    await desk.send()
    codes = {code_in(mail) for mail in desk.server.mails}
    assert len(codes) == 1
    assert len(desk.server.deliveries()) == 1
    assert isinstance(await desk.guess(codes.pop()), OtpVerified)


async def test_a_code_names_its_address_again_for_a_quarter_of_an_hour(desk: Desk) -> None:
    code = await desk.code()
    assert refusal(await desk.check(wrong_code(code))) == "wrong"
    await desk.guess(code)
    for _ in range(ATTEMPTS_MAX + 2):
        assert isinstance(await desk.check(code), OtpVerified)
    desk.now += timedelta(minutes=14)
    assert isinstance(await desk.check(code), OtpVerified)
    desk.now += timedelta(minutes=1)
    assert refusal(await desk.check(code)) == "used"


async def test_a_live_code_names_its_address_and_is_used_then(desk: Desk) -> None:
    code = await desk.code()
    assert isinstance(await desk.check(code), OtpVerified)
    assert refusal(await desk.guess(code)) == "used"


async def test_no_code_can_be_found_in_any_table(desk: Desk) -> None:
    await desk.ask()
    pending = await everything(desk.postgres)
    await desk.send()
    (mail,) = desk.server.mails
    await desk.guess(code_in(mail))
    for text in (pending, await everything(desk.postgres)):
        assert BUYER in text
        assert code_in(mail) not in text


async def everything(postgres: Postgres) -> str:
    """Every text of every row. Ids and times are left out: any six digits may be in them."""
    tables = await postgres.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    found: list[str] = []
    for table in tables:
        for row in await postgres.fetch(f'SELECT * FROM "{table["tablename"]}"'):
            for value in row.values():
                if isinstance(value, bytes):
                    found.append(value.decode("latin-1"))
                elif isinstance(value, str):
                    found.append(value)
    return "\n".join(found)
