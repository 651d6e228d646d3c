"""What notify takes from the bus and answers on it."""

from collections.abc import Callable, Sequence

from services.notify.use_cases.intend_receipts import intend_receipts
from services.notify.use_cases.list_mails import list_mails
from shared.contracts import subjects
from shared.contracts.checkout import ChargeSucceeded
from shared.contracts.envelope import Received
from shared.contracts.notify import ListMails, MailView
from shared.runtime.consumer import Consumer
from shared.runtime.postgres import Transaction
from shared.runtime.service import Runtime


def consumers(runtime: Runtime, *, message_host: str, intended: Callable[[], None]) -> list[Consumer]:
    async def take_receipts(tx: Transaction, received: Sequence[Received]) -> None:
        await intend_receipts(tx, received, message_host=message_host, now=runtime.clock())

    receipts = Consumer(
        "receipts",
        broker=runtime.broker,
        postgres=runtime.postgres,
        events=[ChargeSucceeded],
        handler=take_receipts,
        committed=intended,
    )
    return [receipts]


def answer_requests(runtime: Runtime) -> None:
    async def list_ledger(ask: ListMails) -> list[MailView]:
        return await list_mails(runtime.postgres, ask)

    runtime.broker.reply(subjects.MAIL_LIST, ListMails, list_ledger)
