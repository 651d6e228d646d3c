"""A charge, what a provider says about it, and what follows from that."""

from datetime import datetime, timedelta
from typing import Final, Literal, assert_never
from uuid import UUID

import msgspec
from msgspec import Struct

from services.checkout.domain.lifecycle import UNDER_WAY, ChargeStatus, may_become
from shared.contracts.checkout import FailureReason
from shared.contracts.links import Method
from shared.kernel.money import Money

Verdict = Literal["accepted", "duplicate", "ignored", "unknown_reference", "amount_mismatch", "out_of_order"]
IngestVerdict = Literal["received", "ignored", "bad_signature", "malformed"]

HELD_FOR: Final = timedelta(minutes=15)
"""How long a use stays held for a charge; it is extended while the charge is pending."""
ABSENT_AFTER: Final = timedelta(seconds=60)
"""A request that got no answer may still reach the provider: only then is "no such payment" believed."""
ABSENT_AFTER_ERROR: Final = timedelta(seconds=4)
"""The provider did answer, with an error of its own: nothing of ours is on its way any more."""
RECOVER_AFTER: Final = timedelta(seconds=30)
"""Longer than starting a charge can take; after that, whoever was at it has died."""
PROMPT_FOR: Final = timedelta(minutes=5)
"""How long a phone counts as asked where the provider does not say: the longest approval window that we know of."""
EVENTS_KEPT_MAX: Final = 32


class Prompt(Struct, frozen=True, tag_field="type", tag="prompt"):
    """The payer is asked on their phone."""

    phone: str
    expires_at: datetime


class Redirect(Struct, frozen=True, tag_field="type", tag="redirect"):
    """The payer goes on at a page of the provider."""

    url: str


class Dial(Struct, frozen=True, tag_field="type", tag="dial"):
    """The payer dials a USSD code, such as `*566*002*123456#`, and approves there."""

    code: str
    expires_at: datetime | None = None


class Transfer(Struct, frozen=True, kw_only=True, tag_field="type", tag="transfer"):
    """The payer sends exactly `amount` to this bank account, which may be for this payment only."""

    bank: str
    account_number: str
    account_name: str | None = None
    amount: Money
    reference: str | None = None
    expires_at: datetime | None = None


NextAction = Prompt | Redirect | Dial | Transfer


PendingReason = Literal[
    "approval_on_phone", "provider_page", "ussd_code", "bank_transfer", "provider_answer", "provider_processing"
]


class RefundState(Struct, frozen=True, kw_only=True):
    """What a provider says of a refund. `reference` None: it repeats only its own id, or we never asked for it.

    `payment_id` names the payment, where a refund that we know nothing of is surely somebody else's doing.
    """

    provider_id: str
    reference: str | None
    status: Literal["pending", "succeeded", "failed"]
    amount: Money
    failure: str | None = None
    payment_id: str | None = None


class PaymentState(Struct, frozen=True, kw_only=True):
    """What a provider says of a payment, in our words; by an answer, a callback or a status request.

    `provider_id` is the one that its status is asked by; `payment_id` the one that refunds and disputes bear, where
    that is another. `fee` is what the provider keeps, where it says so; `fee_later`: it will, once it is asked again.
    `refunds` are those that it knows of, where it tells of them here.
    """

    provider_id: str
    account: str
    reference: str
    status: Literal["pending", "succeeded", "failed", "expired"]
    total: Money
    reason: FailureReason | None = None
    next_action: NextAction | None = None
    card_brand: str | None = None
    payer_last4: str | None = None
    payment_id: str | None = None
    fee: Money | None = None
    fee_later: bool = False
    refunds: tuple[RefundState, ...] = ()


class Charge(Struct, frozen=True, kw_only=True):
    """`version` counts announced changes; 0 means that nobody was told of it yet.

    `fee` and `fee_later` are there while a capture is being written; afterwards the ledger has the fee.
    """

    id: UUID
    session_id: UUID
    org_id: UUID
    link_id: UUID
    livemode: bool
    account_id: UUID
    provider: str
    method: Method
    reference: str
    total: Money
    status: ChargeStatus
    version: int
    provider_id: str | None = None
    failure_reason: FailureReason | None = None
    payer_phone: str | None = None
    payer_last4: str | None = None
    card_brand: str | None = None
    next_action: NextAction | None = None
    event_ids: tuple[str, ...] = ()
    held_until: datetime
    traceparent: str | None = None
    payment_id: str | None = None
    fee: Money | None = None
    fee_later: bool = False
    created_at: datetime
    updated_at: datetime


class Judgement(Struct, frozen=True):
    """`charge` is the charge afterwards; the same object when nothing changed."""

    verdict: Verdict
    charge: Charge


def judge(charge: Charge, state: PaymentState, *, account: str, event_id: str | None, now: datetime) -> Judgement:
    """Whether the provider's word about this charge is believed, and the charge after it.

    `account` is the provider's name of the account that the word came for; `event_id` is None for answers and polls.
    States only go forward, but for a late success. The first callback that repeats what an answer or a poll has said
    is accepted and changes nothing.
    """
    refused = _mismatch(charge, state, account)
    if event_id is not None and event_id in charge.event_ids:
        refused = "duplicate"
    if refused is not None:
        return Judgement(refused, charge)
    if state.status == charge.status:
        if event_id is None or charge.event_ids:
            return Judgement("duplicate", charge)
        return Judgement("accepted", msgspec.structs.replace(charge, event_ids=(event_id,)))
    if not may_become(charge.status, state.status):
        return Judgement("out_of_order", charge)
    return Judgement("accepted", _moved(charge, state, event_id, now=now))


def _mismatch(charge: Charge, state: PaymentState, account: str) -> Verdict | None:
    """A true message about something else than this charge must not pay it."""
    same_payment = charge.provider_id in {None, state.provider_id}
    if state.account != account or state.reference != charge.reference or not same_payment:
        return "unknown_reference"
    return "amount_mismatch" if state.total != charge.total else None


def _moved(charge: Charge, state: PaymentState, event_id: str | None, *, now: datetime) -> Charge:
    return msgspec.structs.replace(
        charge,
        status=state.status,
        # Creation is announced together with the first thing that the provider says.
        version=max(charge.version, 1) + 1,
        provider_id=state.provider_id,
        failure_reason=state.reason if state.status in {"failed", "expired"} else None,
        payer_last4=state.payer_last4 or charge.payer_last4,
        card_brand=state.card_brand or charge.card_brand,
        next_action=state.next_action if state.status == "pending" else None,
        payment_id=state.payment_id or charge.payment_id,
        fee=state.fee,
        fee_later=state.fee is None and state.fee_later,
        event_ids=charge.event_ids if event_id is None else (*charge.event_ids, event_id)[-EVENTS_KEPT_MAX:],
        updated_at=now,
    )


def fail(charge: Charge, reason: FailureReason, *, now: datetime) -> Charge:
    """The charge after it became certain that the provider has no such payment and never will."""
    return msgspec.structs.replace(
        charge,
        status="failed",
        version=max(charge.version, 1) + 1,
        failure_reason=reason,
        next_action=None,
        updated_at=now,
    )


def pending_reason(charge: Charge) -> PendingReason | None:
    """What a charge that is under way waits for; None for one that is over."""
    if charge.status not in UNDER_WAY:
        return None
    match charge.next_action:
        case Prompt():
            return "approval_on_phone"
        case Redirect():
            return "provider_page"
        case Dial():
            return "ussd_code"
        case Transfer():
            return "bank_transfer"
        case None:
            # Nothing was heard of it yet, or the provider has it and asks nobody for anything.
            return "provider_answer" if charge.status == "created" else "provider_processing"
        case _:
            assert_never(charge.next_action)


def payer_hint(charge: Charge) -> str | None:
    """`visa ••••4242`, `••••3456`: enough for the payer to recognise, too little for anybody else."""
    if charge.payer_last4 is None:
        return None
    return " ".join(part for part in (charge.card_brand, f"••••{charge.payer_last4}") if part)
