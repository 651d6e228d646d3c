"""A buyer begins: who they are and what they pay is fixed, and the link is pinned as they saw it."""

from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from services.checkout.domain.pricing import in_currency, total_of
from services.checkout.domain.session import OPEN_FOR, Address, Session
from services.checkout.store import session as store
from services.checkout.store.session import IdempotencyRow
from services.checkout.use_cases.find_coupon import FindCoupon
from services.checkout.use_cases.gate import Gate
from services.checkout.use_cases.routing import Routing
from services.checkout.use_cases.view_link import ViewLink, key_of, require_free
from shared.contracts.checkout import CustomerView, SessionOpened
from shared.contracts.links import CollectView, LinkView
from shared.kernel.faults import IdempotencyMismatch, Invalid
from shared.kernel.ids import new_id
from shared.kernel.money import Money
from shared.runtime.outbox import Wake
from shared.runtime.postgres import Postgres

ROUTE: Final = "checkout.sessions"


class Details(Struct, frozen=True, kw_only=True):
    """What the buyer sent; texts are bounded and trimmed already.

    `success_url` and `cancel_url` stand in for the link's own: only who has checked them may name them. `gate_token`
    opens the link's gate, where it has one. `seen` is the total that the buyer was shown, where they were shown one.
    """

    customer: CustomerView = CustomerView()
    address: Address | None = None
    amount_minor: int | None = None
    currency: str | None = None
    coupon_code: str | None = None
    success_url: str | None = None
    cancel_url: str | None = None
    locale: str | None = None
    gate_token: str | None = None
    seen: Money | None = None


class Idempotency(Struct, frozen=True):
    """`fingerprint` is SHA-256 of what was sent. `client` is whose key it is: another's same key is another key."""

    key: str
    fingerprint: bytes
    client: str


class OpenedSession(Struct, frozen=True):
    session: Session
    replayed: bool


class OpenSession:
    def __init__(
        self,
        postgres: Postgres,
        view_link: ViewLink,
        routing: Routing,
        *,
        find_coupon: FindCoupon,
        gate: Gate,
        wake: Wake,
    ) -> None:
        self._postgres = postgres
        self._view_link = view_link
        self._find_coupon = find_coupon
        self._routing = routing
        self._gate = gate
        self._wake = wake

    async def __call__(
        self, where: str | UUID, details: Details, *, now: datetime, idempotency: Idempotency | None = None
    ) -> OpenedSession:
        """A new open session of the link with this slug or id.

        With the same key and body again by the same client: the one that was made then, as it was then.

        Raises:
            LinkNotFound, LinkRefused, EveryUseHeld: the link takes no payment (now).
            ProviderNotConnected, MethodUnavailable: nobody could take the money.
            OtpRequired: the link has a gate, and `details.gate_token` does not open it.
            Invalid, AmountOutOfBounds, UnknownCurrency: the details do not fit the link, or it costs something else
                by now than was seen.
            CouponRefused: the coupon takes nothing off; without it the buyer may begin.
            IdempotencyMismatch: the key was used with another body.
        """
        if idempotency is not None and (again := await self._answered(where, idempotency)):
            await self._gate.require(again.session.link, details.gate_token, now)
            return again
        fresh = await self._view_link.fresh(where, now)
        await self._gate.require(fresh.link, details.gate_token, now)
        require_free(fresh, now)
        session = await self._begun(fresh.link, details, now=now)
        opened = SessionOpened(
            org_id=session.org_id,
            link_id=session.link.id,
            session_id=session.id,
            total=session.total,
            livemode=session.link.livemode,
            expires_at=session.expires_at,
        )
        row = _row(where, idempotency, session.id) if idempotency else None
        if not await store.open_session(self._postgres, session, opened, idempotency=row):
            assert idempotency is not None  # only a key that is taken makes nothing
            again = await self._answered(where, idempotency)
            assert again is not None
            return again
        self._wake()
        return OpenedSession(session, replayed=False)

    async def _begun(self, link: LinkView, details: Details, *, now: datetime) -> Session:
        await self._routing.payable_methods(link)
        require_details(link.collect, details)
        pricing = in_currency(link.pricing, details.currency)
        subtotal = total_of(pricing, details.amount_minor, currency=details.currency)
        await self._routing.payable_methods(link, subtotal.currency)
        discount = None
        if details.coupon_code is not None:
            discount = await self._find_coupon.discount(link, details.coupon_code, subtotal=subtotal)
        total = Money(subtotal.minor - discount.off.minor, subtotal.currency) if discount else subtotal
        if details.seen not in {None, total}:
            raise Invalid("seen", "the price has changed since it was shown")
        pinned = msgspec.structs.replace(
            link,
            pricing=pricing,
            success_url=details.success_url or link.success_url,
            cancel_url=details.cancel_url or link.cancel_url,
        )
        return Session(
            id=new_id(),
            org_id=link.org_id,
            link=pinned,
            customer=details.customer,
            address=details.address,
            total=total,
            discount=discount,
            locale=details.locale or link.merchant.locale,
            status="open",
            version=1,
            created_at=now,
            expires_at=now + OPEN_FOR,
        )

    async def opened_before(self, where: str | UUID, idempotency: Idempotency) -> UUID | None:
        """The session that this key has opened already."""
        found = await store.find_answer(self._postgres, _scope(where, idempotency), route=ROUTE, key=idempotency.key)
        return UUID(found[1].decode()) if found else None

    async def _answered(self, where: str | UUID, idempotency: Idempotency) -> OpenedSession | None:
        scope = _scope(where, idempotency)
        found = await store.find_answer(self._postgres, scope, route=ROUTE, key=idempotency.key)
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


def _scope(where: str | UUID, idempotency: Idempotency) -> str:
    return f"checkout:{key_of(where)}:{idempotency.client}"


def _row(where: str | UUID, idempotency: Idempotency, session_id: UUID) -> IdempotencyRow:
    # The answer is the session as it was made: its id says it all, and no token and no address is kept twice.
    return IdempotencyRow(
        _scope(where, idempotency), ROUTE, idempotency.key, idempotency.fingerprint, str(session_id).encode()
    )
