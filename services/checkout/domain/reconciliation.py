"""Ours against theirs: where a charge and what its provider says of it do not agree."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from services.checkout.domain.charge import PaymentState
from shared.kernel.money import Money

Kind = Literal["status", "amount", "missing", "reference"]

LISTED_MAX: Final = 1_000
_NOTHING_THERE: Final = frozenset({"created", "failed", "expired"})
"""What a provider may well have never heard of."""
_UNPAID: Final = frozenset({"failed", "expired"})
_UUID_TIME_SHIFT: Final = 80


class Ours(Struct, frozen=True, kw_only=True):
    id: UUID
    reference: str
    status: str
    total: Money


class Difference(Struct, frozen=True, kw_only=True):
    """`ours` and `theirs` in words: a status, or an amount in minor units with its currency."""

    charge_id: UUID
    reference: str
    kind: Kind
    ours: str
    theirs: str


class Reconciliation(Struct, frozen=True, kw_only=True):
    """Of `compared`, the provider did not answer about `unanswered`. `differences`: at most a thousand."""

    id: UUID
    account_id: UUID
    org_id: UUID
    livemode: bool
    provider: str
    day: date
    compared: int
    unanswered: int
    differing: int
    differences: tuple[Difference, ...]
    made_at: datetime


def difference(ours: Ours, theirs: PaymentState | None) -> Difference | None:
    """`theirs` None: the provider has no such payment."""
    if theirs is None:
        return None if ours.status in _NOTHING_THERE else _differ(ours, "missing", ours.status, "no such payment")
    if theirs.reference != ours.reference:
        return _differ(ours, "reference", ours.reference, theirs.reference)
    if theirs.total != ours.total:
        return _differ(ours, "amount", _words(ours.total), _words(theirs.total))
    if _alike(ours.status, theirs.status):
        return None
    return _differ(ours, "status", ours.status, theirs.status)


def bounds_of(day: date) -> tuple[UUID, UUID]:
    """The ids between which all that was made on that day (UTC) lies: UUIDs of version 7 begin with their time."""
    begins = datetime.combine(day, time.min, tzinfo=UTC)
    return first_id(begins), first_id(begins + timedelta(days=1))


def _alike(ours: str, theirs: str) -> bool:
    if ours in _UNPAID or theirs in _UNPAID:
        return ours in _UNPAID and theirs in _UNPAID
    # What came after the payment (refunds, disputes) is not of its own status.
    if theirs == "succeeded":
        return ours not in {"created", "pending"}
    return ours == theirs


def _differ(ours: Ours, kind: Kind, our_word: str, their_word: str) -> Difference:
    return Difference(charge_id=ours.id, reference=ours.reference, kind=kind, ours=our_word, theirs=their_word[:200])


def _words(total: Money) -> str:
    return f"{total.minor} {total.currency}"


def first_id(moment: datetime) -> UUID:
    """Below every id of version 7 that is made from then on. `moment` is after 1970."""
    return UUID(int=int(moment.timestamp() * 1000) << _UUID_TIME_SHIFT)
