"""Renewal and dunning mails against a real mail server and PostgreSQL: the clock stands until it is moved."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any

import msgspec
import pytest

from services.notify.mailers.smtp import SmtpMailer
from services.notify.settings import SmtpServer
from services.notify.use_cases.renewals import intend_renewals
from services.notify.use_cases.unsubscribe import Unsubscribing
from shared.contracts.links import (
    FixedView,
    LinkEnded,
    LinkPaused,
    LinkResumed,
    LinkUpdated,
    OrganizationUpdated,
    RecipientView,
    RemindersView,
)
from shared.kernel.money import Money
from shared.runtime.postgres import Postgres
from tests.support.link_mails import KAMPALA
from tests.support.mails import SECRET, MailServer, mail_server
from tests.support.plans import DAY, ENDS, GOLD, NOON, Club, disputed, refunded, won
from tests.support.servers import Databases

OFF = RemindersView(renewal_days=(), dunning_days=())
DEAR = msgspec.structs.replace(GOLD, total=Money(60_000, "UGX"))
RENEWAL = "Club of Kampala Coffee: paid until March 8, 2027"
DUNNING = "Club of Kampala Coffee ended on March 8, 2027"


@pytest.fixture(scope="module")
async def parts(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[tuple[Postgres, MailServer, SmtpMailer]]:
    """One database and mail server for all tests of this file: each clears what it finds."""
    dsn = await databases.clone("notify")
    postgres = await Postgres.connect(dsn, name="tests", size_max=4)
    async with mail_server(tmp_path_factory.mktemp("maildir")) as server:
        mailer = SmtpMailer(SmtpServer(host="127.0.0.1", port=server.port), local_hostname="pay.example")
        yield postgres, server, mailer
        await mailer.close()
    await postgres.close()
    await databases.drop(dsn)


@pytest.fixture
async def club(parts: tuple[Postgres, MailServer, SmtpMailer]) -> Club:
    await parts[0].execute("TRUNCATE mail, link_mail, merchant, unsubscribed, plan_payment, plan_buyer, outbox")
    return await Club.of(*parts).told()


async def through(club: Club, days: range = range(16)) -> list[tuple[int, str]]:
    """What arrives, and how many days after the first payment."""
    return [(day, subject) for day in days for subject in await club.tick(NOON + day * DAY)]


async def test_a_buyer_is_reminded_before_the_end_and_three_times_after_it(club: Club) -> None:
    await club.take(club.paid(locale="fr"))
    sent = await through(club)
    assert [day for day, _ in sent] == [4, 8, 10, 14]
    assert sent[0][1] == "Club de Kampala Coffee : payé jusqu’au 8 mars 2027"
    assert sent[1][1] == "Club de Kampala Coffee a pris fin le 8 mars 2027"
    assert [(one.kind, one.state) for one in await club.ledger()] == [("renewal", "sent"), *[("dunning", "sent")] * 3]
    assert await club.facts() == ["started", "lapsed"]
    arrived = club.server.mails[0]
    assert arrived.to == "Amina@example.com"
    assert arrived.headers["Reply-To"] == "help@kampala.example"
    assert arrived.headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    for said in ("https://pay.example/checkout/club", "50\u00a0000\u00a0UGX", "12:00\u00a0EAT"):
        assert said in arrived.text
    assert "Nakato" not in arrived.text


async def test_who_pays_early_has_both_periods_and_is_reminded_at_their_end(club: Club) -> None:
    await club.take(club.paid())
    await club.tick(NOON + 4 * DAY)
    await club.take(club.paid("amina@EXAMPLE.com", at=NOON + 5 * DAY), at=NOON + 5 * DAY)
    sent = await through(club, range(5, 23))
    assert [day for day, _ in sent] == [11, 15, 17, 21]
    assert sent[0][1].endswith("March 15, 2027")
    assert await club.facts() == ["started", "renewed", "lapsed"]


async def test_who_pays_late_begins_again_and_who_comes_back_much_later_starts_anew(club: Club) -> None:
    await club.take(club.paid())
    await club.tick(NOON + 8 * DAY)
    await club.take(club.paid(at=NOON + 9 * DAY), at=NOON + 9 * DAY)
    assert [day for day, _ in await through(club, range(9, 40))] == [13, 17, 19, 23]
    await club.take(club.paid(at=NOON + 50 * DAY), at=NOON + 50 * DAY)
    assert await club.facts() == ["started", "lapsed", "renewed", "lapsed", "started"]


async def test_each_buyer_of_a_link_has_a_time_of_their_own_and_none_without_an_address(club: Club) -> None:
    await club.take(club.paid("a@example.com"), club.paid("b@example.com", at=NOON + DAY), club.paid(None))
    await club.take(club.paid("not an address"), club.paid("c@example.com", plan=None))
    await club.tick(NOON + 4 * DAY)
    await club.tick(NOON + 5 * DAY)
    assert [one.to_address for one in await club.ledger()] == ["a@example.com", "b@example.com"]


async def test_replicas_that_look_at_the_same_time_write_once(club: Club) -> None:
    await club.take(*[club.paid(f"buyer{n}@example.com") for n in range(20)])
    await club.tick(NOON)
    when: dict[str, Any] = {"message_host": "pay.example", "now": ENDS + DAY}
    await asyncio.gather(*(intend_renewals(club.postgres, **when) for _ in range(4)))
    await club.tick(ENDS + DAY)
    assert len(await club.ledger()) == 20
    assert (await club.facts()).count("lapsed") == 20


async def test_facts_that_come_again_or_the_link_after_its_payment_change_nothing(
    parts: tuple[Postgres, MailServer, SmtpMailer], club: Club
) -> None:
    other = Club.of(*parts)
    charge = other.paid()
    await other.take(charge)
    await other.tick(NOON + 3 * DAY)
    await other.told()
    await other.take(charge)
    assert await other.tick(NOON + 4 * DAY) == [RENEWAL]
    assert await other.facts() == ["started"]
    assert await club.facts() == []


@pytest.mark.parametrize("refund_first", [True, False])
async def test_a_refund_of_all_closes_the_period_whenever_it_is_heard_of(club: Club, *, refund_first: bool) -> None:
    charge = club.paid()
    for event in [refunded(charge), charge] if refund_first else [charge, refunded(charge)]:
        await club.take(event)
    assert await through(club) == []
    assert await club.facts() == ([] if refund_first else ["started", "closed"])


async def test_a_refund_of_a_part_leaves_the_period_and_one_of_a_renewal_leaves_the_first(club: Club) -> None:
    first, second = club.paid(), club.paid(at=NOON + DAY)
    await club.take(first, second)
    await club.take(refunded(first, minor=1), refunded(second))
    # They have taken their money back: nobody asks them for more.
    assert await through(club) == []
    assert await club.facts() == ["started", "renewed", "closed", "lapsed"]


async def test_a_dispute_closes_the_period_until_it_is_won(club: Club) -> None:
    charge = club.paid()
    await club.take(charge)
    await club.take(disputed(charge))
    assert await club.tick(NOON + 4 * DAY) == []
    await club.take(won(charge))
    assert await club.tick(NOON + 8 * DAY) == [DUNNING]
    assert await club.facts() == ["started", "closed", "reopened", "lapsed"]


@pytest.mark.parametrize(
    ("event", "over", "reason"),
    [
        (LinkPaused, {"paused_at": NOON}, "paused"),
        (LinkEnded, {"ended_at": NOON, "ended_as": "revoked"}, "revoked"),
        (LinkEnded, {"ended_at": NOON, "ended_as": "archived"}, "archived"),
        (LinkUpdated, {"expires_at": NOON + DAY}, "expired"),
        (LinkUpdated, {"uses_max": 1}, "exhausted"),
        (LinkUpdated, {"pricing": FixedView(GOLD.total)}, "no_longer_due"),
        (LinkUpdated, {"pricing": DEAR}, "rescheduled"),
    ],
)
async def test_a_link_that_changes_between_the_intent_and_the_mail_withholds_it(
    club: Club, event: type[Any], over: dict[str, Any], reason: str
) -> None:
    await club.take(club.paid())
    await club.tick(NOON + 4 * DAY, send=False)
    await club.change(event, **over)
    await club.send()
    assert [(one.state, one.skip_reason) for one in await club.ledger()] == [("skipped", reason)]


async def test_a_payment_or_a_refund_between_the_intent_and_the_mail_withholds_it(club: Club) -> None:
    first = club.paid("a@example.com")
    await club.take(first, club.paid("b@example.com"))
    await club.tick(NOON + 4 * DAY, send=False)
    await club.take(refunded(first), club.paid("b@example.com", at=NOON + 4 * DAY))
    await club.send()
    reasons = {one.to_address: one.skip_reason for one in await club.ledger()}
    assert reasons == {"a@example.com": "no_longer_due", "b@example.com": "paid"}


async def test_a_link_that_takes_nobody_any_more_asks_nobody(club: Club) -> None:
    await club.change(LinkUpdated, uses_max=2)
    await club.take(club.paid("a@example.com"), club.paid("b@example.com"))
    assert await through(club) == []
    assert (await club.facts()).count("lapsed") == 2


async def test_a_paused_link_waits_and_says_what_is_due_when_it_goes_on(club: Club) -> None:
    await club.take(club.paid())
    await club.tick(NOON)
    await club.change(LinkPaused, paused_at=NOON)
    assert await through(club, range(1, 10)) == []
    await club.change(LinkResumed, paused_at=None)
    assert [day for day, _ in await through(club, range(10, 16))] == [10, 14]


async def test_a_new_price_is_what_the_mail_asks_for(club: Club) -> None:
    await club.take(club.paid())
    await club.tick(NOON)
    await club.change(LinkUpdated, pricing=DEAR, title="Big club")
    await club.tick(NOON + 4 * DAY)
    assert "UGX\u00a060,000" in club.server.mails[0].text
    assert "Big club" in club.server.mails[0].subject


async def test_who_unsubscribes_gets_neither_and_the_merchant_is_told_of_the_end_all_the_same(club: Club) -> None:
    await club.take(club.paid())
    await club.tick(NOON + 4 * DAY)
    url = club.server.mails[0].headers["List-Unsubscribe"].strip("<>")
    subscriber = await Unsubscribing(SECRET, "https://pay.example").stop(club.postgres, url.rpartition("/")[2], NOON)
    assert (subscriber.address, subscriber.merchant_name) == ("amina@example.com", "Kampala Coffee")
    assert await through(club, range(5, 16)) == []
    assert await club.facts() == ["started", "lapsed"]


async def settle(club: Club, own: RemindersView | None, default: RemindersView, at: datetime) -> None:
    club.now = at
    if own is not None:
        await club.change(LinkUpdated, reminders=own)
    org_id = club.link.org_id
    merchant = msgspec.structs.replace(KAMPALA, name="Kampala Tea")
    event = OrganizationUpdated(org_id=org_id, name="Kampala Tea", merchant=merchant, revision=9, reminders=default)
    await club.take(event)


@pytest.mark.parametrize(
    ("own", "default", "days"),
    [
        (None, OFF, []),
        (OFF, RemindersView(), []),
        (RemindersView(renewal_days=(2, 1), dunning_days=()), OFF, [5, 6]),
        (None, RemindersView(renewal_days=(), dunning_days=(2,)), [9]),
        # Asked for on the third day: the sixth day before the end has gone by.
        (None, RemindersView(renewal_days=(6, 2), dunning_days=()), [5]),
        (RemindersView(renewal_days=(6,), dunning_days=()), RemindersView(), []),
    ],
)
async def test_a_link_and_its_organization_say_when_and_may_switch_it_off(
    club: Club, own: RemindersView | None, default: RemindersView, days: list[int]
) -> None:
    await club.take(club.paid())
    await settle(club, own, default, NOON + 3 * DAY)
    sent = await through(club, range(3, 16))
    assert [day for day, _ in sent] == days
    assert all("Kampala Tea" in subject for _, subject in sent)


async def test_there_is_one_reminder_a_day_of_whatever_kind(club: Club) -> None:
    daily = RemindersView(unpaid_days=tuple(range(1, 9)), renewal_days=(4, 3), dunning_days=(1,))
    recipient = RecipientView("amina@example.com")
    await club.change(LinkUpdated, recipient=recipient, reminders=daily, created_at=NOON - DAY)
    await club.tick(NOON + DAY)
    await club.take(club.paid(at=NOON + DAY), at=NOON + DAY)
    sent = await through(club, range(1, 12))
    assert [day for day, _ in sent] == [4, 5, 9]
    ledger = await club.ledger()
    assert [one.kind for one in ledger] == ["reminder", "renewal", "renewal", "dunning"]


async def test_a_service_that_was_away_says_one_thing_when_it_is_back(club: Club) -> None:
    await club.take(club.paid())
    assert await club.tick(NOON + 12 * DAY) == [DUNNING]
    assert [day for day, _ in await through(club, range(12, 20))] == [14]
