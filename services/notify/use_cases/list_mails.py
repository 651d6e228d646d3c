"""The ledger of mails, for operators."""

from typing import Final

from services.notify.store import mail
from shared.contracts.notify import ListMails, MailView
from shared.runtime.postgres import Postgres

LIMIT_MAX: Final = 500


async def list_mails(postgres: Postgres, ask: ListMails) -> list[MailView]:
    limit = max(1, min(ask.limit, LIMIT_MAX))
    return await mail.list_mails(postgres, ask, limit=limit)
