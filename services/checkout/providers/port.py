"""What checkout asks of a payment provider. Every answer is one of a closed union; nothing is thrown.

An adapter holds no state but its connections: accounts, payments and refunds come in with every call. Amounts are in
ISO 4217 minor units here; each adapter turns them into its provider's own and back.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, Protocol, runtime_checkable
from uuid import UUID

from msgspec import Struct

from services.checkout.domain.charge import Charge, PaymentState, RefundState
from services.checkout.domain.reconciliation import About, Listed
from shared.contracts.checkout import CustomerView
from shared.contracts.links import Method
from shared.kernel.money import Money


class Account(Struct, frozen=True, kw_only=True):
    """An organization's account with a provider, credentials open. Never logged: its `repr` names only the ids.

    `external_id` is unique for the provider and stands in the URL of its callbacks. `credentials` holds what the
    provider's `credentials` names.
    """

    id: UUID
    org_id: UUID
    provider: str
    livemode: bool
    external_id: str
    credentials: Mapping[str, str]

    def __repr__(self) -> str:
        return f"Account({self.provider}, {self.external_id})"


class Credential(Struct, frozen=True, kw_only=True):
    """One thing that a merchant copies from the provider's dashboard. `pattern` must match it as a whole."""

    name: str
    pattern: str
    secret: bool = True
    required: bool = True
    hint: str = ""


class Payment(Struct, frozen=True, kw_only=True):
    """A payment that was begun, as we know it. `provider_id` None: we never heard whether the provider has it."""

    reference: str
    provider_id: str | None
    method: Method
    total: Money
    created_at: datetime


def payment_of(charge: Charge) -> Payment:
    return Payment(
        reference=charge.reference,
        provider_id=charge.provider_id,
        method=charge.method,
        total=charge.total,
        created_at=charge.created_at,
    )


class Order(Struct, frozen=True, kw_only=True):
    """What is to be charged. `reference` is ours, unique, and the provider's idempotency key.

    `operator` is the wallet that the buyer chose or that the number hints at; `bank` is what a USSD code is asked for
    (the provider's code of it). `expires_at` is when the payer should have acted.
    """

    reference: str
    total: Money
    method: Method
    phone: str | None
    card_token: str | None
    description: str
    callback_url: str
    return_url: str
    customer: CustomerView = CustomerView()
    operator: str | None = None
    bank: str | None = None
    expires_at: datetime | None = None

    @property
    def paid_url(self) -> str:
        """Where a buyer comes back to who has done their part, which proves nothing; all others by `return_url`."""
        return f"{self.return_url}?sent=1"


class Accepted(Struct, frozen=True):
    """The provider has the payment, in whatever state."""

    state: PaymentState


class Refused(Struct, frozen=True):
    """The provider has nothing and will have nothing. `field` is what of the order it did not like."""

    code: str
    field: str | None


class NotSent(Struct, frozen=True):
    """Nothing left this machine: the provider cannot have it."""


class Unknown(Struct, frozen=True):
    """It may have the payment, or not. `answered`: by an error, so nothing of ours is on its way any more."""

    answered: bool


CreateResult = Accepted | Refused | NotSent | Unknown


class Absent(Struct, frozen=True):
    """The provider says that it has no such payment (or refund)."""


class Unreachable(Struct, frozen=True):
    """No usable answer; ask again later."""


StatusResult = Accepted | Absent | Unreachable


class TooLate(Struct, frozen=True):
    """The payment has succeeded: it cannot be called off any more. Its status tells the rest."""


class CannotExpire(Struct, frozen=True):
    """This provider calls nothing off: the payment ends by itself."""


ExpireResult = Accepted | TooLate | CannotExpire | Unreachable


class PaymentFound(Struct, frozen=True):
    """It is ours: our reference of it."""

    reference: str


FindResult = PaymentFound | Absent | Unreachable


class RefundOrder(Struct, frozen=True, kw_only=True):
    """Money to give back. `reference` is ours, unique, and the provider's idempotency key where it has one."""

    reference: str
    payment: Payment
    amount: Money
    reason: str | None = None


RefundResult = RefundState | Refused | NotSent | Unknown
RefundStatusResult = RefundState | Absent | Unreachable


class Signal(Struct, frozen=True):
    """A callback whose body is proven. `event_id` is the provider's own."""

    event_id: str
    state: PaymentState


class RefundSignal(Struct, frozen=True):
    """A callback about a refund."""

    event_id: str
    state: RefundState


class DisputeSignal(Struct, frozen=True, kw_only=True):
    """The payer has asked their bank for the money back, or the bank has decided.

    `payment_id` and `reference`: of the payment that it is about, as far as the callback names it.
    """

    event_id: str
    dispute_id: str
    payment_id: str | None
    reference: str | None
    status: Literal["open", "won", "lost"]
    amount: Money
    reason: str


class Ask(Struct, frozen=True):
    """A callback that proves nothing by itself: it says only which payment to ask the provider about.

    `event_id` tells two callbacks apart that say different things.
    """

    event_id: str
    reference: str


class Ignored(Struct, frozen=True):
    """A genuine callback about something that concerns no payment of ours."""

    event_id: str


CallbackContent = Signal | RefundSignal | DisputeSignal | Ask | Ignored


class Provider(Protocol):
    """`takes`: the currencies by method; None is every currency."""

    name: str
    takes: Mapping[Method, frozenset[str] | None]
    refunds: Literal["partial", "full", "none"]
    credentials: tuple[Credential, ...]

    async def create(self, account: Account, order: Order) -> CreateResult: ...

    async def status(self, account: Account, payment: Payment) -> StatusResult: ...

    async def expire(self, account: Account, payment: Payment) -> ExpireResult:
        """Calls the payment off, so that nobody can approve it any more. Asking again is safe."""
        ...

    async def refund(self, account: Account, order: RefundOrder) -> RefundResult: ...

    async def refund_status(self, account: Account, order: RefundOrder, provider_id: str | None) -> RefundStatusResult:
        """Of a refund that was asked for; `provider_id` None: we never heard whether the provider has it."""
        ...

    def is_authentic(self, account: Account, headers: Mapping[str, str], *, body: bytes, now: datetime) -> bool:
        """Whether these raw bytes came from the provider, for this account, not too long ago."""
        ...

    def read(self, account: str, body: bytes) -> CallbackContent | None:
        """None: not a callback of this provider. `account` is the `external_id` that it came for."""
        ...

    def kept_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Those that are needed to verify the callback again."""
        ...

    async def close(self) -> None: ...


@runtime_checkable
class FindsPayments(Protocol):
    """A provider whose refunds and disputes bear another name of the payment than its status is asked by."""

    async def find_reference(self, account: Account, payment_id: str) -> FindResult:
        """Whose payment it is. Absent: none that we began."""
        ...


class Page(Struct, frozen=True):
    """`after` asks for the next page; None: this was the last."""

    entries: Sequence[Listed]
    after: str | None


@runtime_checkable
class Lister(Protocol):
    """A provider that tells, besides, all that an account has: so payments are found that we know nothing of."""

    async def listed(
        self, account: Account, about: About, *, since: datetime, until: datetime, after: str | None
    ) -> Page | Unreachable:
        """What was created from `since` to before `until`, in any order that pages can be read in.

        What belongs to other business of the same account is left out.
        """
        ...
