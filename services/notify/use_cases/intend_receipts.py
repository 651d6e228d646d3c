"""What became of a charge, to its buyer: a receipt for each paid one, and word of those that kept them waiting.

Written down as an intent when the fact comes in, sent later.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from services.notify.domain.payment_failed import payment_failed_of
from services.notify.domain.receipt import receipt_of
from services.notify.domain.waiting import waited
from services.notify.mailers.message import is_address
from services.notify.store import mail
from services.notify.store.mail import ClaimedMail, Intent
from shared.contracts.checkout import ChargeEvent, ChargeExpired, ChargeFailed, ChargeSucceeded
from shared.contracts.envelope import Received
from shared.contracts.notify import MailKind, MailSkipped
from shared.kernel.ids import new_id
from shared.runtime.postgres import Postgres, Transaction

_encoder = msgspec.json.Encoder()


async def intend_receipts(tx: Transaction, received: Sequence[Received], *, message_host: str, now: datetime) -> None:
    """Writes an intent for each charge that has none. A buyer without an address is in the ledger as skipped."""
    intents: list[Intent] = []
    skipped: list[MailSkipped] = []
    for one in received:
        charge = one.event
        if isinstance(charge, ChargeFailed | ChargeExpired):
            intents += _failure(one, charge, message_host)
        if not isinstance(charge, ChargeSucceeded):
            continue
        address = (charge.customer.email or "").strip()
        about = {"address": address or None, "locale": charge.locale, "context": receipt_of(charge)}
        intent = _intent(one, charge, "receipt", message_host=message_host, **about)
        intents.append(intent)
        if intent.state == "skipped":
            fact = MailSkipped(
                org_id=charge.org_id,
                link_id=charge.link_id,
                mail_id=intent.id,
                kind="receipt",
                charge_id=charge.charge_id,
                livemode=charge.livemode,
                reason="no_address",
            )
            skipped.append(fact)
    await mail.intend(tx, intents, skipped, now=now)


async def was_paid_since(pg: Postgres, failed: ClaimedMail) -> bool:
    """Whether the same buyer has a receipt of the same link, from shortly before on: they have helped themselves."""
    return await mail.has_receipt(pg, failed)


def _failure(one: Received, charge: ChargeFailed | ChargeExpired, message_host: str) -> list[Intent]:
    """Who did not wait for long saw it on the page; who left no address cannot be told."""
    buyer, since = charge.buyer, charge.pending_since
    if buyer is None or since is None or not waited(since, charge.at):
        return []
    address = (buyer.customer.email or "").strip()
    if not is_address(address):
        return []
    context = payment_failed_of(charge, buyer, pending_since=since)
    about = {"address": address, "locale": buyer.locale, "context": context}
    return [_intent(one, charge, "payment_failed", message_host=message_host, **about)]


def _intent(one: Received, charge: ChargeEvent, kind: MailKind, *, message_host: str, **about: Any) -> Intent:
    mail_id = new_id()
    return Intent(
        id=mail_id,
        org_id=charge.org_id,
        link_id=charge.link_id,
        charge_id=charge.charge_id,
        kind=kind,
        to_address=about["address"],
        locale=about["locale"],
        context=_encoder.encode(about["context"]).decode(),
        message_id=f"<{mail_id}@{message_host}>",
        state="due" if is_address(about["address"] or "") else "skipped",
        traceparent=one.traceparent,
    )
