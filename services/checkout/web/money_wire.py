"""The JSON of the merchant's routes about money: charges, refunds, disputes."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import msgspec
from msgspec import Meta, Struct

from services.checkout.domain.lifecycle import ChargeStatus, DisputeStatus, RefundStatus
from services.checkout.domain.refund import Dispute, ListedCharge, Refund
from services.checkout.use_cases.read_money import Conflict
from shared.contracts.checkout import CustomerView, FailureReason, RefundOrigin, ReviewReason
from shared.contracts.links import Method
from shared.kernel.money import MINOR_MAX, Money

Reason = Annotated[str, Meta(min_length=1, max_length=200)]


class RefundBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Without `amount_minor`: all that is left of the charge."""

    charge_id: UUID
    amount_minor: Annotated[int, Meta(ge=1, le=MINOR_MAX)] | None = None
    reason: Reason | None = None


class MerchantReview(Struct, frozen=True):
    """`open`: a person is to decide, by `…/accept` or `…/refund`."""

    status: Literal["open", "accepted", "refunded"]
    reason: ReviewReason | None


class MerchantConflict(Struct, frozen=True):
    """The provider said `said` after it had said that the money was captured. Nothing was changed by it."""

    callback_id: UUID
    said: str
    received_at: datetime


class MerchantCharge(Struct, frozen=True, kw_only=True):
    """`status` stays `succeeded` when money goes back: `refund_status` and the sums tell of that."""

    id: UUID
    link_id: UUID
    session_id: UUID
    status: ChargeStatus
    total: Money
    refund_status: Literal["none", "partial", "full"]
    refunded_minor: int
    refunding_minor: int
    disputed_minor: int
    refundable_minor: int
    review: MerchantReview | None
    method: Method
    provider: str
    provider_id: str | None
    failure_reason: FailureReason | None
    customer: CustomerView
    payer_last4: str | None
    card_brand: str | None
    livemode: bool
    created_at: datetime
    updated_at: datetime


class MerchantChargeWhole(MerchantCharge, frozen=True, kw_only=True):
    conflicts: list[MerchantConflict]


class MerchantRefund(Struct, frozen=True, kw_only=True):
    """`asked_by` is `key:<id>`, `member:<id>`, `policy`, or `provider`. `failure` is the provider's word.

    `origin`: the merchant here, the link's policy for late payments, or somebody at the provider's own dashboard. One
    that has failed may have succeeded before: then the charge has its money again.
    """

    id: UUID
    charge_id: UUID
    link_id: UUID
    amount: Money
    status: RefundStatus
    reason: str | None
    failure: str | None
    provider: str
    asked_by: str
    origin: RefundOrigin
    livemode: bool
    created_at: datetime
    updated_at: datetime


class MerchantDispute(Struct, frozen=True, kw_only=True):
    """`external_id` is the provider's name for it: it is answered there."""

    id: UUID
    charge_id: UUID
    link_id: UUID
    amount: Money
    status: DisputeStatus
    reason: str
    provider: str
    external_id: str
    livemode: bool
    opened_at: datetime
    closed_at: datetime | None


REFUND: Final = msgspec.json.Decoder(RefundBody)


def charge_out(listed: ListedCharge) -> MerchantCharge:
    return MerchantCharge(**_charge(listed))


def whole_charge_out(listed: ListedCharge, conflicts: list[Conflict]) -> MerchantChargeWhole:
    shown = [MerchantConflict(one.callback_id, one.said, one.received_at) for one in conflicts]
    return MerchantChargeWhole(**_charge(listed), conflicts=shown)


def _charge(listed: ListedCharge) -> dict[str, Any]:
    charge = listed.captured
    full = charge.refunded_minor == charge.total.minor
    return {
        "id": charge.id,
        "link_id": charge.link_id,
        "session_id": charge.session_id,
        "status": charge.status,
        "total": charge.total,
        "refund_status": "full" if full else "partial" if charge.refunded_minor else "none",
        "refunded_minor": charge.refunded_minor,
        "refunding_minor": charge.refunding_minor,
        "disputed_minor": charge.disputed_minor,
        "refundable_minor": charge.refundable_minor,
        "review": MerchantReview(charge.review, charge.review_reason) if charge.review else None,
        "method": charge.method,
        "provider": charge.provider,
        "provider_id": charge.provider_id,
        "failure_reason": listed.failure_reason,
        "customer": listed.customer,
        "payer_last4": listed.payer_last4,
        "card_brand": listed.card_brand,
        "livemode": charge.livemode,
        "created_at": charge.created_at,
        "updated_at": listed.updated_at,
    }


def refund_out(refund: Refund) -> MerchantRefund:
    return MerchantRefund(
        id=refund.id,
        charge_id=refund.charge_id,
        link_id=refund.link_id,
        amount=refund.amount,
        status=refund.status,
        reason=refund.reason,
        failure=refund.failure,
        provider=refund.provider,
        asked_by=refund.asked_by,
        origin=refund.origin,
        livemode=refund.livemode,
        created_at=refund.created_at,
        updated_at=refund.updated_at,
    )


def dispute_out(dispute: Dispute) -> MerchantDispute:
    return MerchantDispute(
        id=dispute.id,
        charge_id=dispute.charge_id,
        link_id=dispute.link_id,
        amount=dispute.amount,
        status=dispute.status,
        reason=dispute.reason,
        provider=dispute.provider,
        external_id=dispute.external_id,
        livemode=dispute.livemode,
        opened_at=dispute.opened_at,
        closed_at=dispute.closed_at,
    )
