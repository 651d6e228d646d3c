"""What checkout asks of a payment provider. Every answer is one of a closed union; nothing is thrown."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from services.checkout.domain.charge import PaymentState
from shared.contracts.links import Method
from shared.kernel.money import Money


class Account(Struct, frozen=True, kw_only=True):
    """An organization's account with a provider, credentials open. Never logged: its `repr` names only the ids."""

    id: UUID
    org_id: UUID
    provider: str
    livemode: bool
    external_id: str
    api_key: str
    publishable_key: str
    webhook_secret: str

    def __repr__(self) -> str:
        return f"Account({self.provider}, {self.external_id})"


class Order(Struct, frozen=True, kw_only=True):
    """What is to be charged. `reference` is ours, unique, and the provider's idempotency key."""

    reference: str
    total: Money
    method: Method
    phone: str | None
    card_token: str | None
    description: str
    callback_url: str
    return_url: str


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
    """The provider says that it has no such payment."""


class Unreachable(Struct, frozen=True):
    """No usable answer; ask again later."""


StatusResult = Accepted | Absent | Unreachable


class TooLate(Struct, frozen=True):
    """The payment has succeeded: it cannot be called off any more. Its status tells the rest."""


ExpireResult = Accepted | TooLate | Unreachable


class Signal(Struct, frozen=True):
    """A callback's content. `event_id` is the provider's own."""

    event_id: str
    state: PaymentState


class Provider(Protocol):
    name: str
    methods: tuple[Method, ...]

    async def create(self, account: Account, order: Order) -> CreateResult: ...

    async def status(self, account: Account, reference: str) -> StatusResult: ...

    async def expire(self, account: Account, provider_id: str) -> ExpireResult:
        """Calls the payment off, so that nobody can approve it any more. Asking again is safe."""
        ...

    def is_authentic(self, account: Account, headers: Mapping[str, str], *, body: bytes, now: datetime) -> bool:
        """Whether these raw bytes were signed by the provider, for this account, not too long ago."""
        ...

    def read(self, body: bytes) -> Signal | None:
        """None: not a callback of this provider."""
        ...

    def kept_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """Those that are needed to verify the callback again."""
        ...
