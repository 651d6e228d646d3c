"""A buyer begins: who they are and what they pay is fixed, and the link is pinned as they saw it."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from services.checkout.domain.faults import EveryUseHeld, IdempotencyMismatch, MethodUnavailable, ProviderNotConnected
from services.checkout.domain.pricing import total_of
from services.checkout.domain.refusal import may_be_all_held
from services.checkout.domain.session import OPEN_FOR, Address, Session
from services.checkout.providers.port import Provider
from services.checkout.store import session as store
from services.checkout.store.session import IdempotencyRow
from services.checkout.use_cases.view_link import ViewLink, require_payable
from shared.contracts.checkout import CustomerView, SessionOpened
from shared.contracts.links import CollectView, LinkView, Method
from shared.kernel.faults import Invalid
from shared.kernel.ids import new_id
from shared.runtime.outbox import Wake
from shared.runtime.postgres import Postgres

ROUTE: Final = "checkout.sessions"
ALL_HELD_RETRY: Final = timedelta(seconds=30)
"""Links tells exactly when a use comes free only to who asks for one; before that this is a fair guess."""


class Details(Struct, frozen=True, kw_only=True):
    """What the buyer sent; texts are bounded and trimmed already."""

    customer: CustomerView = CustomerView()
    address: Address | None = None
    amount_minor: int | None = None
    currency: str | None = None
    locale: str | None = None


class Idempotency(Struct, frozen=True):
    """`fingerprint` is SHA-256 of what was sent."""

    key: str
    fingerprint: bytes


class OpenedSession(Struct, frozen=True):
    session: Session
    replayed: bool


class OpenSession:
    def __init__(self, postgres: Postgres, view_link: ViewLink, provider: Provider, *, wake: Wake) -> None:
        self._postgres = postgres
        self._view_link = view_link
        self._provider = provider
        self._wake = wake

    async def __call__(
        self, slug: str, details: Details, *, now: datetime, idempotency: Idempotency | None = None
    ) -> OpenedSession:
        """A new open session; with the same key and body again, the one that was made then, as it was then.

        Raises:
            LinkNotFound, LinkRefused, EveryUseHeld: the link takes no payment (now).
            ProviderNotConnected, MethodUnavailable: nobody could take the money.
            Invalid, AmountOutOfBounds, UnknownCurrency: the details do not fit the link.
            IdempotencyMismatch: the key was used with another body.
        """
        if idempotency is not None and (again := await self._answered(slug, idempotency)):
            return again
        link = await self._view_link.fresh(slug, now)
        require_payable(link, now)
        if may_be_all_held(link):
            raise EveryUseHeld(link, now + ALL_HELD_RETRY)
        payable_methods(link, self._provider)
        require_details(link.collect, details)
        session = Session(
            id=new_id(),
            org_id=link.org_id,
            link=link,
            customer=details.customer,
            address=details.address,
            total=total_of(link.pricing, details.amount_minor, currency=details.currency),
            locale=details.locale or link.merchant.locale,
            status="open",
            version=1,
            created_at=now,
            expires_at=now + OPEN_FOR,
        )
        opened = SessionOpened(
            org_id=link.org_id,
            link_id=link.id,
            session_id=session.id,
            total=session.total,
            expires_at=session.expires_at,
        )
        row = _row(slug, idempotency, session.id) if idempotency else None
        if not await store.open_session(self._postgres, session, opened, idempotency=row):
            assert idempotency is not None  # only a key that is taken makes nothing
            again = await self._answered(slug, idempotency)
            assert again is not None
            return again
        self._wake()
        return OpenedSession(session, replayed=False)

    async def _answered(self, slug: str, idempotency: Idempotency) -> OpenedSession | None:
        found = await store.find_answer(self._postgres, _scope(slug), route=ROUTE, key=idempotency.key)
        if found is None:
            return None
        fingerprint, body = found
        if fingerprint != idempotency.fingerprint:
            raise IdempotencyMismatch
        state = await store.read_session(self._postgres, UUID(body.decode()))
        assert state is not None
        as_it_was = msgspec.structs.replace(
            state.session, status="open", version=1, expires_at=state.session.created_at + OPEN_FOR, paid_at=None
        )
        return OpenedSession(as_it_was, replayed=True)


def payable_methods(link: LinkView, provider: Provider) -> tuple[Method, ...]:
    """The link's methods that a connected provider can take, in the link's order.

    Raises:
        ProviderNotConnected: the link is live, and no live provider is connected.
        MethodUnavailable: none of them.
    """
    if link.livemode:
        raise ProviderNotConnected
    methods: tuple[Method, ...] = tuple(method for method in link.methods if method in provider.methods)
    if not methods:
        raise MethodUnavailable(link.methods[0] if link.methods else "none", ())
    return methods


def require_details(collect: CollectView, details: Details) -> None:
    """Raises: Invalid: something that this link requires is missing."""
    for need, field, value in (
        (collect.email, "customer.email", details.customer.email),
        (collect.name, "customer.name", details.customer.name),
        (collect.phone, "customer.phone", details.customer.phone),
        (collect.address, "customer.address", details.address),
    ):
        if need == "required" and not value:
            raise Invalid(field, "this link requires it")


def _scope(slug: str) -> str:
    return f"checkout:{slug}"


def _row(slug: str, idempotency: Idempotency, session_id: UUID) -> IdempotencyRow:
    # The answer is the session as it was made: its id says it all, and no token and no address is kept twice.
    return IdempotencyRow(_scope(slug), ROUTE, idempotency.key, idempotency.fingerprint, str(session_id).encode())
