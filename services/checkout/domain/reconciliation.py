"""Ours against theirs: where a charge or a refund, and what its provider says of it, do not agree."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Literal
from uuid import UUID

from msgspec import Struct

from services.checkout.domain.charge import PaymentState
from services.checkout.domain.refund import RefundState
from shared.kernel.money import Money

About = Literal["charge", "refund"]
Kind = Literal["status", "amount", "currency", "fee", "missing", "reference", "duplicate", "unknown"]

LISTED_MAX: Final = 1_000
NOTHING_THERE: Final = frozenset({"created", "failed", "expired"})
"""What a provider may well have never heard of."""
_UNPAID: Final = frozenset({"failed", "expired"})
_UUID_TIME_SHIFT: Final = 80


class Ours(Struct, frozen=True, kw_only=True):
    """A charge of ours, or a refund. `fee` is what the ledger says that the provider kept."""

    id: UUID
    reference: str
    status: str
    total: Money
    about: About = "charge"
    provider_id: str | None = None
    fee: Money | None = None


class Theirs(Struct, frozen=True, kw_only=True):
    """A payment, or a refund, in the provider's own books. `fee` None: it does not say."""

    id: str
    reference: str | None
    status: Literal["pending", "succeeded", "failed", "expired"]
    total: Money
    fee: Money | None = None


class Listed(Struct, frozen=True, kw_only=True):
    """One entry of a provider's own list. `created_at` is by the provider's clock."""

    theirs: Theirs
    created_at: datetime


class Difference(Struct, frozen=True, kw_only=True):
    """`ours` and `theirs` in words: a status, or an amount in minor units with its currency.

    `duplicate`: the provider has it once more. `unknown`: only the provider has it, and no id is of ours.
    """

    about: About = "charge"
    kind: Kind
    charge_id: UUID | None = None
    refund_id: UUID | None = None
    provider_id: str | None = None
    reference: str
    ours: str
    theirs: str


class Reconciliation(Struct, frozen=True, kw_only=True):
    """`unanswered`: questions that the provider did not answer, about a charge, a refund, or for its own list.

    `listed`: how many entries stood on that list, which is of an hour more at either end; None where there is none, or
    it was not given. `differences`: at most a thousand.
    """

    id: UUID
    account_id: UUID
    org_id: UUID
    livemode: bool
    provider: str
    day: date
    compared: int
    refunds_compared: int = 0
    listed: int | None = None
    unanswered: int
    differing: int
    differences: tuple[Difference, ...]
    made_at: datetime


def theirs_of(state: PaymentState | RefundState) -> Theirs:
    if isinstance(state, RefundState):
        return Theirs(id=state.provider_id, reference=state.reference, status=state.status, total=state.amount)
    return Theirs(
        id=state.provider_id, reference=state.reference, status=state.status, total=state.total, fee=state.fee
    )


def differences(ours: Ours, theirs: Theirs | None) -> Sequence[Difference]:
    """`theirs` None: the provider has nothing of the kind."""
    if theirs is None:
        if ours.status in NOTHING_THERE:
            return ()
        return (_differ(ours, "missing", None, (ours.status, _none(ours.about))),)
    found: list[Difference] = []
    if theirs.reference not in {None, ours.reference}:
        found.append(_differ(ours, "reference", theirs, (ours.reference, theirs.reference or "")))
    if theirs.total.currency != ours.total.currency:
        found.append(_differ(ours, "currency", theirs, (in_words(ours.total), in_words(theirs.total))))
    elif theirs.total != ours.total:
        found.append(_differ(ours, "amount", theirs, (in_words(ours.total), in_words(theirs.total))))
    if not _alike(ours.status, theirs.status):
        found.append(_differ(ours, "status", theirs, (ours.status, theirs.status)))
    elif theirs.status == "succeeded" and theirs.fee is not None:
        kept = ours.fee or Money(0, theirs.fee.currency)
        if kept != theirs.fee:
            found.append(_differ(ours, "fee", theirs, (in_words(kept), in_words(theirs.fee))))
    return found


def stray(about: About, theirs: Theirs, twin_of: Ours | None) -> Difference:
    """What stands in the provider's books beyond what we have; `twin_of`: once more than we know of this one."""
    said = f"{theirs.status}, {in_words(theirs.total)}"
    if twin_of is not None:
        return _differ(twin_of, "duplicate", theirs, (twin_of.provider_id or twin_of.status, said))
    return Difference(
        about=about,
        kind="unknown",
        provider_id=theirs.id,
        reference=(theirs.reference or "")[:200],
        ours=_none(about),
        theirs=said,
    )


def bounds_of(day: date) -> tuple[UUID, UUID]:
    """The ids between which all that was made on that day (UTC) lies: UUIDs of version 7 begin with their time."""
    begins, ends = moments_of(day)
    return first_id(begins), first_id(ends)


def moments_of(day: date) -> tuple[datetime, datetime]:
    begins = datetime.combine(day, time.min, tzinfo=UTC)
    return begins, begins + timedelta(days=1)


def first_id(moment: datetime) -> UUID:
    """Below every id of version 7 that is made from then on: ids know no time before 1970."""
    return UUID(int=max(0, int(moment.timestamp() * 1000)) << _UUID_TIME_SHIFT)


def earlier(than: UUID, by: timedelta) -> UUID:
    """An id of so much before."""
    return UUID(int=than.int - (int(by.total_seconds() * 1000) << _UUID_TIME_SHIFT))


def in_words(total: Money) -> str:
    return f"{total.minor} {total.currency}"


def _none(about: About) -> str:
    return "no such payment" if about == "charge" else "no such refund"


def _alike(ours: str, theirs: str) -> bool:
    if ours in _UNPAID or theirs in _UNPAID:
        return ours in _UNPAID and theirs in _UNPAID
    # What came after the payment (refunds, disputes) is not of its own status.
    if theirs == "succeeded":
        return ours not in {"created", "pending"}
    return ours == theirs


def _differ(ours: Ours, kind: Kind, theirs: Theirs | None, words: tuple[str, str]) -> Difference:
    return Difference(
        about=ours.about,
        kind=kind,
        charge_id=ours.id if ours.about == "charge" else None,
        refund_id=ours.id if ours.about == "refund" else None,
        provider_id=theirs.id if theirs else ours.provider_id,
        reference=ours.reference,
        ours=words[0],
        theirs=words[1][:200],
    )
