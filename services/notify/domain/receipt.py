"""What a receipt says: taken from the fact once, so that a mail sent days later says what was true then."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.notify.domain.waiting import waited
from shared.contracts.checkout import ChargeSucceeded
from shared.contracts.links import Method
from shared.kernel.money import Money


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """`waited`: the buyer has waited so long for it that the mail says that all is well."""

    number: str
    session_id: UUID
    total: Money
    paid_at: datetime
    method: Method
    payer_hint: str | None
    link_title: str
    merchant_name: str
    support_email: str | None
    timezone: str
    late: bool
    livemode: bool
    color: str | None = None
    waited: bool = False


def receipt_of(charge: ChargeSucceeded) -> Receipt:
    return Receipt(
        number=charge.receipt_number,
        session_id=charge.session_id,
        total=charge.total,
        paid_at=charge.at,
        method=charge.method,
        payer_hint=charge.payer_hint,
        link_title=charge.link_title,
        merchant_name=charge.merchant_name,
        support_email=charge.merchant_support_email,
        timezone=charge.timezone,
        late=charge.late,
        livemode=charge.livemode,
        color=charge.merchant_color,
        waited=waited(charge.pending_since, charge.at),
    )
