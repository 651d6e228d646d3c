from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from services.links.dialects.native.wire.common import MoneyOut
from services.links.dialects.native.wire.links import LatePayment, Method, UsesOut

ChargeStatus = Literal["created", "pending", "succeeded", "failed", "expired"]


class Customer(msgspec.Struct, frozen=True):
    email: str | None
    name: str | None
    phone: str | None


class Charge(msgspec.Struct, frozen=True, kw_only=True):
    """`settled` says whether captured money counted as a use; null as long as none is known to be captured.

    What did not count (late, or paid twice) stands under `policy`: accept, review or refund.
    """

    id: UUID
    session_id: UUID
    status: ChargeStatus
    total: MoneyOut
    method: Method
    provider: str
    failure_reason: str | None
    customer: Customer | None
    payer_hint: str | None
    receipt_number: str | None
    late: bool
    settled: bool | None
    policy: LatePayment | None
    created_at: datetime
    updated_at: datetime


class Revenue(msgspec.Struct, frozen=True):
    """Captured money of uses that count, in one currency."""

    amount_minor: int
    currency: str
    paid_count: int
    last_paid_at: datetime


class Unsettled(msgspec.Struct, frozen=True):
    """Captured money that counted as no use: it came after the end or the cap, or a session was paid twice."""

    amount_minor: int
    currency: str
    charges: int


class Refunded(msgspec.Struct, frozen=True):
    """Money that was given back. `of_revenue_minor` of it had counted as revenue: revenue less that is the net."""

    amount_minor: int
    currency: str
    of_revenue_minor: int
    refunds: int


class Stats(msgspec.Struct, frozen=True):
    link_id: UUID
    uses: UsesOut
    paid_count: int
    revenue: list[Revenue]
    unsettled: list[Unsettled]
    refunded: list[Refunded]
