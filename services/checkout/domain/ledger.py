"""The double-entry ledger: what each movement of money says in two or more lines that sum to zero.

Positive is a debit, negative a credit. What a provider holds for an organization is a debit of `provider`; what the
organization has earned by it is a credit of `merchant`. Both sides of every other account are the organization's.
"""

from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from services.checkout.domain.charge import Charge
from services.checkout.domain.refund import Captured, Dispute, Refund
from shared.kernel.money import Money

LedgerAccount = Literal["provider", "merchant", "fees", "refunds", "disputes", "chargebacks"]
Kind = Literal["charge", "fee", "refund", "refund_failed", "dispute", "dispute_won", "dispute_lost"]
_OF_PROVIDER: Final = "provider"


class Line(Struct, frozen=True):
    """`owner_id` is the provider account's for `provider`, the organization's for every other account."""

    account: LedgerAccount
    owner_id: UUID
    amount_minor: int
    currency: str


class Posting(Struct, frozen=True, kw_only=True):
    """One movement. There is one of each kind for a source, however often it is told."""

    kind: Kind
    source_id: UUID
    org_id: UUID
    livemode: bool
    charge_id: UUID
    link_id: UUID
    lines: tuple[Line, ...]


def of_change(before: Charge, after: Charge) -> list[Posting]:
    """What this change of a charge moved: its capture, and what the provider keeps of it; mostly nothing."""
    if after.status != "succeeded" or before.status == "succeeded":
        return []
    moved = [_moved("charge", after, debit=_OF_PROVIDER, credit="merchant", amount=after.total)]
    return moved if after.fee is None else moved + of_fee(after, after.fee)


def of_fee(captured: Charge | Captured, fee: Money) -> list[Posting]:
    """What the provider keeps of a capture, whenever it says so. A fee of nothing moves nothing."""
    if fee.minor <= 0 or fee.currency != captured.total.currency:
        return []
    return [_moved("fee", captured, debit="fees", credit=_OF_PROVIDER, amount=fee)]


def of_refund(before: Refund, after: Refund) -> list[Posting]:
    """One that fails after it went through is put back; one that never did has moved nothing."""
    if after.status == "succeeded" and before.status != "succeeded":
        return [_moved("refund", after, debit="refunds", credit=_OF_PROVIDER, amount=after.amount)]
    if after.status == "failed" and before.status == "succeeded":
        return [_moved("refund_failed", after, debit=_OF_PROVIDER, credit="refunds", amount=after.amount)]
    return []


def of_dispute(before: Dispute | None, after: Dispute) -> list[Posting]:
    """The provider takes a disputed amount back at once, and returns it when the bank finds for the merchant."""
    moved: list[Posting] = []
    if before is None:
        moved.append(_moved("dispute", after, debit="disputes", credit=_OF_PROVIDER, amount=after.amount))
    if after.status == "won":
        moved.append(_moved("dispute_won", after, debit=_OF_PROVIDER, credit="disputes", amount=after.amount))
    if after.status == "lost":
        moved.append(_moved("dispute_lost", after, debit="chargebacks", credit="disputes", amount=after.amount))
    return moved


def _moved(
    kind: Kind,
    source: Charge | Captured | Refund | Dispute,
    *,
    debit: LedgerAccount,
    credit: LedgerAccount,
    amount: Money,
) -> Posting:
    return Posting(
        kind=kind,
        source_id=source.id,
        org_id=source.org_id,
        livemode=source.livemode,
        charge_id=source.id if isinstance(source, Charge | Captured) else source.charge_id,
        link_id=source.link_id,
        lines=(
            Line(debit, _owner(debit, source), amount.minor, amount.currency),
            Line(credit, _owner(credit, source), -amount.minor, amount.currency),
        ),
    )


def _owner(account: LedgerAccount, source: Charge | Captured | Refund | Dispute) -> UUID:
    return source.account_id if account == _OF_PROVIDER else source.org_id
