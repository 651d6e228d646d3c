"""What notify takes from the bus and answers on it."""

from collections.abc import Callable, Sequence

from services.notify.use_cases.intend_receipts import intend_receipts
from services.notify.use_cases.link_mails import take_link_facts, take_payments
from services.notify.use_cases.list_mails import list_mails
from services.notify.use_cases.otp import Codes, check_otp, take_otp_requests, verify_otp
from services.notify.use_cases.plan_periods import look_again, take_plan_payments
from services.notify.use_cases.reminders import take_organization_facts
from services.notify.use_cases.webhook_facts import take_merchant_facts
from shared.contracts import subjects
from shared.contracts.catalogue import TOLD_TO_MERCHANTS
from shared.contracts.checkout import (
    ChargeDisputed,
    ChargeExpired,
    ChargeFailed,
    ChargeRefunded,
    ChargeSucceeded,
    DisputeClosed,
)
from shared.contracts.envelope import Event, Received
from shared.contracts.links import (
    LinkSendRequested,
    OrganizationUpdated,
)
from shared.contracts.notify import ListMails, MailView
from shared.contracts.otp import CheckOtp, OtpRequested, VerifyOtp, VerifyOtpReply
from shared.contracts.subjects import OWNERS
from shared.runtime.consumer import Consumer
from shared.runtime.postgres import Transaction
from shared.runtime.service import Runtime


class Told:
    """Rings after a commit of one consumer's that left something to do. Most facts are of no concern to anybody."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self.something = False

    def __call__(self) -> None:
        if self.something:
            self.something = False
            self._ring()


def consumers(runtime: Runtime, codes: Codes, *, message_host: str, intended: Callable[[], None]) -> list[Consumer]:
    async def take_receipts(tx: Transaction, received: Sequence[Received]) -> None:
        await intend_receipts(tx, received, message_host=message_host, now=runtime.clock())
        await take_payments(tx, received)
        await take_plan_payments(tx, received, now=runtime.clock())

    async def take_requests(tx: Transaction, received: Sequence[Received]) -> None:
        await take_otp_requests(tx, received, codes=codes, message_host=message_host, now=runtime.clock())

    return [
        Consumer(
            "receipts",
            broker=runtime.broker,
            postgres=runtime.postgres,
            events=[ChargeSucceeded, ChargeFailed, ChargeExpired, ChargeRefunded, ChargeDisputed, DisputeClosed],
            handler=take_receipts,
            committed=intended,
        ),
        Consumer(
            "otp",
            broker=runtime.broker,
            postgres=runtime.postgres,
            events=[OtpRequested],
            handler=take_requests,
            committed=intended,
        ),
    ]


def facts_of_links(
    runtime: Runtime, *, mails_noted: Callable[[], None], webhooks_noted: Callable[[], None]
) -> Consumer:
    """What is known of links that are to be mailed, and what merchants are told of them.

    One consumer does both: most links are to be mailed to nobody, and each is read from the bus once.
    """
    mails, webhooks = Told(mails_noted), Told(webhooks_noted)

    async def take_links(tx: Transaction, received: Sequence[Received]) -> None:
        now = runtime.clock()
        webhooks.something |= await take_merchant_facts(tx, received, now=now)
        await take_organization_facts(tx, received, now=now)
        mails.something |= await take_link_facts(tx, received, now=now)
        await look_again(tx, received, now=now)

    def committed() -> None:
        mails()
        webhooks()

    return Consumer(
        "links",
        broker=runtime.broker,
        postgres=runtime.postgres,
        events=[*_told_of("links"), LinkSendRequested],
        handler=take_links,
        committed=committed,
        instead_of=("link-mails", "webhooks-links"),
    )


def webhooks(runtime: Runtime, *, noted: Callable[[], None]) -> list[Consumer]:
    """What merchants are told by the other streams, a consumer for each."""
    return [_webhooks_of(owner, runtime, Told(noted)) for owner in OWNERS if owner != "links"]


def _webhooks_of(owner: str, runtime: Runtime, told: Told) -> Consumer:
    async def take_facts(tx: Transaction, received: Sequence[Received]) -> None:
        told.something |= await take_merchant_facts(tx, received, now=runtime.clock())

    return Consumer(
        f"webhooks-{owner}",
        broker=runtime.broker,
        postgres=runtime.postgres,
        events=_told_of(owner),
        handler=take_facts,
        committed=told,
    )


def _told_of(owner: str) -> list[type[Event]]:
    return [event for event in (*TOLD_TO_MERCHANTS, OrganizationUpdated) if event.owner == owner]


def answer_requests(runtime: Runtime, codes: Codes) -> None:
    async def list_ledger(ask: ListMails) -> list[MailView]:
        return await list_mails(runtime.postgres, ask)

    async def verify(ask: VerifyOtp) -> VerifyOtpReply:
        return await verify_otp(runtime.postgres, ask, codes=codes, now=runtime.clock())

    async def check(ask: CheckOtp) -> VerifyOtpReply:
        return await check_otp(runtime.postgres, ask, codes=codes, now=runtime.clock())

    runtime.broker.reply(subjects.MAIL_LIST, ListMails, list_ledger)
    runtime.broker.reply(subjects.OTP_VERIFY, VerifyOtp, verify)
    runtime.broker.reply(subjects.OTP_CHECK, CheckOtp, check)
