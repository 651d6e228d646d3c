"""One receipt mail for each paid charge: written down as an intent when the fact comes in, sent later."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from services.notify.domain.receipt import receipt_of
from services.notify.mailers.message import is_address
from services.notify.store import mail
from services.notify.store.mail import Intent
from shared.contracts.checkout import ChargeSucceeded
from shared.contracts.envelope import Received
from shared.contracts.notify import MailSkipped
from shared.kernel.ids import new_id
from shared.runtime.postgres import Transaction

_encoder = msgspec.json.Encoder()


async def intend_receipts(tx: Transaction, received: Sequence[Received], *, message_host: str, now: datetime) -> None:
    """Writes an intent for each charge that has none. A buyer without an address is in the ledger as skipped."""
    intents: list[Intent] = []
    skipped: list[MailSkipped] = []
    for one in received:
        charge = one.event
        if not isinstance(charge, ChargeSucceeded):
            continue
        address = (charge.customer.email or "").strip()
        mail_id = new_id()
        intent = Intent(
            id=mail_id,
            org_id=charge.org_id,
            link_id=charge.link_id,
            charge_id=charge.charge_id,
            kind="receipt",
            to_address=address or None,
            locale=charge.locale,
            context=_encoder.encode(receipt_of(charge)).decode(),
            message_id=f"<{mail_id}@{message_host}>",
            state="due" if is_address(address) else "skipped",
            traceparent=one.traceparent,
        )
        intents.append(intent)
        if intent.state == "skipped":
            fact = MailSkipped(
                org_id=charge.org_id,
                link_id=charge.link_id,
                mail_id=mail_id,
                kind="receipt",
                charge_id=charge.charge_id,
                livemode=charge.livemode,
                reason="no_address",
            )
            skipped.append(fact)
    await mail.intend(tx, intents, skipped, now=now)
