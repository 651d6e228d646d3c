"""A charge as links knows it from checkout's facts."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from shared.contracts.checkout import (
    ChargeCreated,
    ChargeEvent,
    ChargeExpired,
    ChargeFailed,
    ChargePending,
    ChargeSucceeded,
    CustomerView,
    FailureReason,
)
from shared.contracts.links import LateSuccessPolicy, Method
from shared.kernel.money import Money

ChargeStatus = Literal["created", "pending", "succeeded", "failed", "expired"]

_STATUS: dict[type[ChargeEvent], ChargeStatus] = {
    ChargeCreated: "created",
    ChargePending: "pending",
    ChargeSucceeded: "succeeded",
    ChargeFailed: "failed",
    ChargeExpired: "expired",
}


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """`settled` says whether captured money counted as a use; None as long as none is known to be captured.

    What did not count stands under the `policy` of then.
    """

    id: UUID
    org_id: UUID
    livemode: bool
    link_id: UUID
    session_id: UUID
    version: int
    status: ChargeStatus
    total: Money
    method: Method
    provider: str
    failure_reason: FailureReason | None = None
    customer: CustomerView | None = None
    payer_hint: str | None = None
    receipt_number: str | None = None
    late: bool = False
    settled: bool | None = None
    policy: LateSuccessPolicy | None = None
    created_at: datetime
    updated_at: datetime


def charge_of(event: ChargeEvent, link_id: UUID) -> Charge:
    paid = event if isinstance(event, ChargeSucceeded) else None
    return Charge(
        id=event.charge_id,
        org_id=event.org_id,
        livemode=event.livemode,
        link_id=link_id,
        session_id=event.session_id,
        version=event.version,
        status=_STATUS[type(event)],
        total=event.total,
        method=event.method,
        provider=event.provider,
        failure_reason=event.reason if isinstance(event, ChargeFailed) else None,
        customer=paid.customer if paid else None,
        payer_hint=paid.payer_hint if paid else None,
        receipt_number=paid.receipt_number if paid else None,
        late=paid.late if paid else False,
        created_at=event.at,
        updated_at=event.at,
    )
