"""The ledger of mails as a merchant reads it, and what they may do about it."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.notify.domain.resend import RESENDS_MAX, MailNotResendable, TooManyResends, refusal
from services.notify.store import mail, suppressions
from services.notify.store.suppressions import Suppression
from shared.contracts.notify import ListMails, MailKind, MailState, MailView
from shared.kernel.faults import NotFound
from shared.runtime.postgres import Postgres, Transaction


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """`address` in any case."""

    kind: MailKind | None = None
    state: MailState | None = None
    link_id: UUID | None = None
    charge_id: UUID | None = None
    address: str | None = None


async def list_own(
    pg: Postgres, org_id: UUID, filters: Filters, *, livemode: bool, before: UUID | None, limit: int
) -> list[MailView]:
    """Newest first, of one mode; one more than `limit`, if there is more."""
    ask = ListMails(
        org_id=org_id,
        kind=filters.kind,
        state=filters.state,
        link_id=filters.link_id,
        charge_id=filters.charge_id,
    )
    address = filters.address.lower() if filters.address is not None else None
    return await mail.list_mails(pg, ask, limit=limit + 1, before=before, address=address, livemode=livemode)


async def find_own(pg: Postgres, org_id: UUID, mail_id: UUID, *, livemode: bool) -> MailView:
    """Raises: NotFound."""
    found = await mail.find(pg, mail_id, org_id=org_id, livemode=livemode)
    if found is None:
        raise NotFound("mail")
    return found


async def resend(
    tx: Transaction, org_id: UUID, mail_id: UUID, *, livemode: bool, message_host: str, now: datetime
) -> MailView:
    """A new mail that says the same, under a Message-ID of its own. Whether it is still true is looked up once more.

    Raises:
        NotFound, MailNotResendable, TooManyResends.
    """
    found = await mail.find(tx, mail_id, org_id=org_id, livemode=livemode)
    if found is None:
        raise NotFound("mail")
    if why := refusal(found):
        raise MailNotResendable(why)
    original, resends = await mail.lock_original(tx, mail_id)
    if resends >= RESENDS_MAX:
        raise TooManyResends
    return await mail.resend(tx, original, message_host=message_host, now=now)


async def list_suppressed(
    pg: Postgres, org_id: UUID, *, address: str | None, before: UUID | None, limit: int
) -> list[Suppression]:
    lowered = address.lower() if address is not None else None
    return await suppressions.list_suppressions(pg, org_id, address=lowered, before=before, limit=limit + 1)


async def lift(pg: Postgres, org_id: UUID, suppression_id: UUID) -> None:
    """From now on mails go there again. Raises: NotFound."""
    if not await suppressions.lift(pg, org_id, suppression_id):
        raise NotFound("suppression")
