"""Links that are mailed at their time: what their facts say is noted, and what is due goes into the ledger of mails."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec

from services.notify.domain.link_mail import Known, LinkMail, known_of, withheld
from services.notify.mailers.message import is_address
from services.notify.store import link_mails
from services.notify.store.mail import ClaimedMail
from services.notify.use_cases.fresh_links import FreshLinks
from shared.contracts.checkout import ChargeSucceeded
from shared.contracts.envelope import Received
from shared.contracts.links import LinkEvent, LinkSendRequested
from shared.contracts.notify import SkipReason
from shared.kernel.ids import new_id
from shared.runtime.postgres import Postgres, Transaction

BATCH: Final = 500
_about: Final = msgspec.json.Decoder(LinkMail)


async def take_link_facts(tx: Transaction, received: Sequence[Received], *, now: datetime) -> bool:
    """Notes what is newest of each link, in whatever order it comes; a request makes its schedule due at `now`.

    Returns whether there was anything to note.
    """
    newest: dict[UUID, Known] = {}
    asked: dict[tuple[UUID, datetime], None] = {}
    for one in received:
        event = one.event
        if not isinstance(event, LinkEvent):
            continue
        known = known_of(event.link, at=one.at)
        before = newest.get(known.link_id)
        if worth_noting(known) and (before is None or before.revision < known.revision):
            newest[known.link_id] = known
        if isinstance(event, LinkSendRequested) and known.send_at is not None:
            asked[known.link_id, known.send_at] = None
    if newest:
        await link_mails.note_links(tx, list(newest.values()), now)
    if asked:
        await link_mails.note_requests(tx, list(asked), now)
    return bool(newest or asked)


async def take_payments(tx: Transaction, received: Sequence[Received]) -> None:
    """Who has paid is not asked to."""
    paid = {
        one.event.link_id: (one.event.link_id, one.event.org_id, one.event.at)
        for one in received
        if isinstance(one.event, ChargeSucceeded) and one.event.link_id is not None
    }
    if paid:
        await link_mails.note_payments(tx, list(paid.values()))


async def intend_link_mails(pg: Postgres, *, message_host: str, now: datetime) -> int:
    """A mail for each link whose time has come, `BATCH` at most; returns how many there were."""
    return await link_mails.intend_due(pg, [new_id() for _ in range(BATCH)], message_host=message_host, now=now)


async def why_withheld(links: FreshLinks, mail: ClaimedMail, *, now: datetime) -> SkipReason | None:
    """Asked right before it goes out; None: it may."""
    if mail.link_id is None or not is_address(mail.to_address):
        return "no_address"
    known = await links.find(mail.link_id)
    return withheld(known, _about.decode(mail.context), to_address=mail.to_address, now=now)


def worth_noting(known: Known) -> bool:
    """Most links are for nobody in particular: of those nothing is kept, unless an older fact may yet come."""
    return known.about is not None or known.revision > 1
