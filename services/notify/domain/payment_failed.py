"""What the mail about a payment says that was pending for long and came to nothing."""

from datetime import datetime
from uuid import UUID

import msgspec

from shared.contracts.checkout import BuyerView, ChargeEvent, ChargeFailed, FailureReason
from shared.contracts.links import Method
from shared.kernel.money import Money


class PaymentFailed(msgspec.Struct, frozen=True, kw_only=True):
    reason: FailureReason
    total: Money
    began_at: datetime
    failed_at: datetime
    method: Method
    session_id: UUID
    link_slug: str
    link_title: str
    merchant_name: str
    support_email: str | None
    color: str | None
    timezone: str
    checkout_url: str | None
    livemode: bool


def payment_failed_of(charge: ChargeEvent, buyer: BuyerView, *, pending_since: datetime) -> PaymentFailed:
    merchant = buyer.merchant
    return PaymentFailed(
        reason=charge.reason if isinstance(charge, ChargeFailed) else "expired",
        total=charge.total,
        began_at=pending_since,
        failed_at=charge.at,
        method=charge.method,
        session_id=charge.session_id,
        link_slug=buyer.link_slug,
        link_title=buyer.link_title,
        merchant_name=merchant.name,
        support_email=merchant.support_email,
        color=merchant.color,
        timezone=merchant.timezone,
        checkout_url=merchant.checkout_url,
        livemode=charge.livemode,
    )
