"""A buyer pays: reserve, hold a use, ask the provider, write down what it said.

Reserved in one statement (it commits before anything leaves the machine), then a use is held by links, then the
provider is called under a reference that is stored already. A process may die at every await: `poll_charges` finds
what it left behind.
"""

from datetime import datetime
from typing import Final, assert_never
from uuid import UUID

from msgspec import Struct

from services.checkout.domain.banks import require_bank
from services.checkout.domain.charge import HELD_FOR, RECOVER_AFTER, Charge
from services.checkout.domain.faults import (
    CouponRefused,
    EveryUseHeld,
    LinkNotFound,
    LinkRefused,
    MethodUnavailable,
    PromptActive,
    SessionEnded,
)
from services.checkout.domain.means import ByCardToken, ByPhone, ByUssd, Means, method_of
from services.checkout.domain.phones import payer_phone
from services.checkout.domain.routing import Route, Tried, Wish
from services.checkout.domain.session import Session, SessionState
from services.checkout.peers.links import Links
from services.checkout.providers.port import Accepted, Account, CreateResult, NotSent, Order, Refused, Unknown
from services.checkout.providers.registry import Providers
from services.checkout.store import charge as charges
from services.checkout.store.charge import Choice, PhoneIsAsked
from services.checkout.use_cases.accounts import Accounts
from services.checkout.use_cases.breakers import Breakers
from services.checkout.use_cases.limit_attempts import LimitAttempts
from services.checkout.use_cases.live import Live
from services.checkout.use_cases.read_session import ReadSession
from services.checkout.use_cases.routing import Routing
from services.checkout.use_cases.write_down import BUYERS, WriteDown
from shared.contracts.links import AllUsesHeld, CouponIsRefused, LinkMissing, Method, UseIsHeld, UseIsRefused
from shared.kernel.faults import Fault, Unavailable
from shared.kernel.ids import new_id
from shared.kernel.moment import Clock
from shared.runtime.crash import crash_point
from shared.runtime.outbox import Wake
from shared.runtime.postgres import Postgres
from shared.runtime.tracing import current_traceparent

ACCOUNTS_TRIED_MAX: Final = 3


class Started(Struct, frozen=True):
    """`joined`: a charge was under way already (or had succeeded), and this request made none."""

    state: SessionState
    joined: bool


class StartCharge:
    def __init__(
        self,
        postgres: Postgres,
        *,
        read_session: ReadSession,
        links: Links,
        providers: Providers,
        accounts: Accounts,
        routing: Routing,
        breakers: Breakers,
        attempts: LimitAttempts,
        public_url: str,
        live: Live,
        wake: Wake,
        clock: Clock,
    ) -> None:
        self._postgres = postgres
        self._read_session = read_session
        self._links = links
        self._providers = providers
        self._accounts = accounts
        self._routing = routing
        self._breakers = breakers
        self._attempts = attempts
        self._write_down = WriteDown(postgres, attempts=attempts, wake=wake, clock=clock)
        self._public_url = public_url.rstrip("/")
        self._live = live
        self._clock = clock

    async def __call__(self, session_id: UUID, means: Means, *, client_ip: str = "") -> Started:
        """The session with the charge that is under way, or has just ended.

        Raises:
            NotFound, SessionEnded: no such session; it took too long.
            MethodUnavailable, Invalid: not a way to pay this link; not a phone number; not a card token.
            LinkRefused, EveryUseHeld, LinkNotFound: no use is left; nothing was charged.
            CouponRefused: the coupon was used up meanwhile; nothing was charged.
            PromptActive: the phone is being asked about another payment; nothing was charged.
            RateLimited: too many tries have failed here; nothing was charged.
            Unavailable: links or every provider that could take it does not answer; nothing was charged.
        """
        state = await self._read_session(session_id)
        now = self._clock()
        joined = self._joined(state, now)
        if joined is not None:
            return joined
        session = state.session
        method, phone = await self._way(session, means)
        self._attempts.require(session.link.id, method, phone=phone, client_ip=client_ip)
        wish = Wish(
            method=method,
            currency=session.total.currency,
            phone=phone,
            providers=session.link.providers,
            card_token=isinstance(means, ByCardToken),
        )
        route = await self._routing.route(session.link, wish)
        if not route.candidates:
            raise Unavailable("provider") if route.only_unavailable else MethodUnavailable(method, ())
        try:
            started = await self._along(route, session, means, phone=phone, client_ip=client_ip)
        except LinkRefused:
            # Also where a charge of before has succeeded this very moment: then there is nothing left to pay.
            paid = await self._read_session(session_id)
            if paid.session.status != "paid":
                raise
            started = Started(paid, joined=True)
        self._live.changed(session_id)
        return started

    async def _along(
        self, route: Route, session: Session, means: Means, *, phone: str | None, client_ip: str
    ) -> Started:
        """Tries one account after the other, each with a charge of its own, until money could have moved."""
        tried: list[Tried] = []
        before: Charge | None = None
        candidates = route.candidates[:ACCOUNTS_TRIED_MAX]
        for offer in candidates:
            account = await self._accounts.of_offer(offer, session.link)
            charge = _new_charge(session, account, method=method_of(means), phone=phone, now=self._clock())
            choice = Choice(route=route, tried=tried)
            await self._accounts.used(account)
            if not await self._reserved(charge, choice, before=before):
                return Started(await self._read_session(session.id), joined=before is None)
            self._attempts.began(charge.id, client_ip)
            result = await self._asked(session, charge, account, means)
            if offer is candidates[-1] or not _may_go_on(result):
                written = await self._write_down(session, charge, account, result=result)
                return Started(written or await self._read_session(session.id), joined=False)
            tried.append(Tried(account.id, account.provider, type(result).__name__))
            before = charge
        raise AssertionError("unreachable")

    async def _reserved(self, charge: Charge, choice: Choice, *, before: Charge | None) -> bool:
        """Raises: PromptActive."""
        try:
            if before is None:
                return await charges.reserve_charge(self._postgres, charge, choice)
            return await charges.fail_over(self._postgres, before, charge, choice)
        except PhoneIsAsked as asked:
            raise PromptActive(asked.until) from None

    async def _asked(self, session: Session, charge: Charge, account: Account, means: Means) -> CreateResult:
        crash_point("pay.reserved")
        await self._hold(session, charge)
        crash_point("pay.held")
        if self._clock() - charge.created_at >= RECOVER_AFTER:
            # This process was stopped for a while. Others may have found that the provider has no such payment, and
            # the buyer may be trying again: asking the provider now could charge twice.
            await self._undo(charge)
            raise Unavailable("checkout")
        self._breakers.begins(account)
        order = self._order(session, charge, account, means)
        result = await self._providers.of(account).create(account, order)
        self._breakers.heard(account, "create", result)
        crash_point("pay.created-at-provider")
        return result

    def _joined(self, state: SessionState, now: datetime) -> Started | None:
        match state.status_at(now):
            case "open":
                return None
            case "paying" | "paid":
                return Started(state, joined=True)
            case "expired" | "abandoned":
                raise SessionEnded

    async def _way(self, session: Session, means: Means) -> tuple[Method, str | None]:
        method = method_of(means)
        methods = await self._routing.payable_methods(session.link, session.total.currency)
        if method not in methods:
            raise MethodUnavailable(method, methods)
        if isinstance(means, ByPhone):
            return method, payer_phone(means.phone, currency=session.total.currency)
        if isinstance(means, ByUssd):
            require_bank(means.bank, currency=session.total.currency)
        return method, None

    async def _hold(self, session: Session, charge: Charge) -> None:
        """Takes a use. When there is none, the reservation goes: nobody was told of it, and no provider asked."""
        try:
            answer = await self._links.hold(
                session.link,
                session.id,
                charge_id=charge.id,
                held_until=charge.held_until,
                coupon_id=session.discount.coupon_id if session.discount else None,
            )
        except Unavailable:
            await self._undo(charge)
            raise
        match answer:
            case UseIsHeld():
                return
            case UseIsRefused(reason=reason, since=since):
                refused: Fault = LinkRefused(session.link, reason, since)
            case AllUsesHeld(retry_at=retry_at):
                refused = EveryUseHeld(session.link, retry_at, now=self._clock())
            case CouponIsRefused(reason=reason):
                refused = CouponRefused(reason)
            case LinkMissing():
                refused = LinkNotFound()
            case _:
                assert_never(answer)
        await self._undo(charge)
        raise refused

    async def _undo(self, charge: Charge) -> None:
        await charges.undo_reservation(self._postgres, charge.id, self._clock())
        self._live.changed(charge.session_id)

    def _order(self, session: Session, charge: Charge, account: Account, means: Means) -> Order:
        return Order(
            reference=charge.reference,
            total=charge.total,
            method=charge.method,
            phone=charge.payer_phone,
            card_token=means.card_token if isinstance(means, ByCardToken) else None,
            bank=means.bank if isinstance(means, ByUssd) else None,
            description=session.link.title,
            customer=session.customer,
            callback_url=f"{self._public_url}/callbacks/{account.provider}/{account.external_id}",
            # The page finds its token in a cookie: what a provider stores and logs bears no secret of ours.
            return_url=f"{self._public_url}/checkout/sessions/{session.id}",
        )


def _may_go_on(result: CreateResult) -> bool:
    """Whether another account may be asked: only where this one's provider has nothing, and never will."""
    match result:
        case NotSent():
            return True
        case Refused(field=field):
            return field not in BUYERS
        case Accepted() | Unknown():
            return False
        case _:
            assert_never(result)


def _new_charge(session: Session, account: Account, *, method: Method, phone: str | None, now: datetime) -> Charge:
    charge_id = new_id()
    return Charge(
        id=charge_id,
        session_id=session.id,
        org_id=session.org_id,
        link_id=session.link.id,
        livemode=session.livemode,
        account_id=account.id,
        provider=account.provider,
        method=method,
        reference=charge_id.hex,
        total=session.total,
        status="created",
        version=0,
        payer_phone=phone,
        held_until=now + HELD_FOR,
        traceparent=current_traceparent(),
        created_at=now,
        updated_at=now,
    )
