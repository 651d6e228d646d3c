"""Money that goes back: refunds that we ask for, disputes that the payer's bank tells of."""

from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from services.checkout.domain.charge import RefundState, Verdict
from services.checkout.domain.lifecycle import ChargeStatus, DisputeStatus, RefundStatus, refund_may_become
from shared.contracts.checkout import CustomerView, FailureReason, RefundOrigin, ReviewReason
from shared.contracts.links import Method
from shared.kernel.money import Money

BY_POLICY: Final = "policy"
"""Who asked for a refund when nobody did: the link's policy for late payments."""
BY_PROVIDER: Final = "provider"
"""Nobody asked us: somebody gave the money back at the provider's own dashboard."""
ASKED_FOR: Final = timedelta(seconds=30)
"""Longer than asking the provider can take; after that, whoever was at it has died."""
ASK_AGAIN_SECONDS: Final = (2.0, 5.0, 10.0, 30.0, 120.0, 600.0, 3600.0)

Review = Literal["open", "accepted", "refunded"]


class Captured(Struct, frozen=True, kw_only=True):
    """A charge as far as giving its money back is concerned.

    `refunding_minor` is promised to refunds that are under way, `disputed_minor` is with a bank, or lost to one.
    """

    id: UUID
    org_id: UUID
    link_id: UUID
    session_id: UUID
    livemode: bool
    account_id: UUID
    provider: str
    provider_id: str | None
    reference: str
    method: Method
    total: Money
    status: ChargeStatus
    refunded_minor: int
    refunding_minor: int
    disputed_minor: int
    review: Review | None
    review_reason: ReviewReason | None
    created_at: datetime

    @property
    def refundable_minor(self) -> int:
        if self.status != "succeeded":
            return 0
        return max(0, self.total.minor - self.refunded_minor - self.refunding_minor - self.disputed_minor)


class ListedCharge(Struct, frozen=True, kw_only=True):
    """A charge with its buyer, and what became of its money."""

    captured: Captured
    customer: CustomerView
    failure_reason: FailureReason | None
    payer_last4: str | None
    card_brand: str | None
    updated_at: datetime


class ChargeFilters(Struct, frozen=True, kw_only=True):
    """What is None does not matter. `since` is inclusive, `until` is not."""

    link_id: UUID | None = None
    status: str | None = None
    method: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    in_review: bool = False


class RefundFilters(Struct, frozen=True, kw_only=True):
    """Of refunds, and of disputes. What is None does not matter."""

    charge_id: UUID | None = None
    status: str | None = None


class Refund(Struct, frozen=True, kw_only=True):
    """`reference` is ours and stored before the provider hears of it. `attempts` counts how often it was asked."""

    id: UUID
    org_id: UUID
    link_id: UUID
    session_id: UUID
    charge_id: UUID
    livemode: bool
    account_id: UUID
    provider: str
    reference: str
    amount: Money
    status: RefundStatus
    asked_by: str
    reason: str | None = None
    provider_id: str | None = None
    failure: str | None = None
    attempts: int = 0
    absent_after: datetime
    traceparent: str | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def origin(self) -> RefundOrigin:
        return self.asked_by if self.asked_by in (BY_POLICY, BY_PROVIDER) else "merchant"


def new_refund(
    captured: Captured, refund_id: UUID, amount: Money, *, by: str, absent_after: datetime, now: datetime
) -> Refund:
    """A refund that nobody has asked the provider for yet."""
    return Refund(
        id=refund_id,
        org_id=captured.org_id,
        link_id=captured.link_id,
        session_id=captured.session_id,
        charge_id=captured.id,
        livemode=captured.livemode,
        account_id=captured.account_id,
        provider=captured.provider,
        reference=refund_id.hex,
        amount=amount,
        status="created",
        asked_by=by,
        absent_after=absent_after,
        created_at=now,
        updated_at=now,
    )


class Dispute(Struct, frozen=True, kw_only=True):
    """`external_id` is the provider's name for it."""

    id: UUID
    org_id: UUID
    link_id: UUID
    session_id: UUID
    charge_id: UUID
    livemode: bool
    account_id: UUID
    provider: str
    external_id: str
    amount: Money
    status: DisputeStatus
    reason: str
    opened_at: datetime
    closed_at: datetime | None = None


def judge_refund(refund: Refund, said: RefundState, *, now: datetime) -> tuple[Verdict, Refund]:
    """Whether the provider's word about this refund is believed, and the refund after it; the same one if not."""
    if said.reference not in {None, refund.reference} or refund.provider_id not in {None, said.provider_id}:
        return "unknown_reference", refund
    if said.amount != refund.amount:
        return "amount_mismatch", refund
    if said.status == refund.status:
        return "duplicate", refund
    if not refund_may_become(refund.status, said.status):
        return "out_of_order", refund
    failure = (said.failure or "refused") if said.status == "failed" else None
    after = msgspec.structs.replace(
        refund, status=said.status, provider_id=said.provider_id, failure=failure, updated_at=now
    )
    return "accepted", after


def refuse(refund: Refund, failure: str, *, now: datetime) -> Refund:
    """The refund after the provider has said that it has none, and will have none."""
    return msgspec.structs.replace(refund, status="failed", failure=failure, updated_at=now)


def ask_again_at(refund: Refund, now: datetime) -> datetime:
    return now + timedelta(seconds=ASK_AGAIN_SECONDS[min(refund.attempts, len(ASK_AGAIN_SECONDS)) - 1])
