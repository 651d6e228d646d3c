"""Checkout and links in the test's own process, on two databases, with one clock that only the test turns."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

import msgspec

from services.checkout.domain.session import OPEN_FOR, Session
from services.checkout.providers.registry import Providers
from services.checkout.store import session as sessions
from services.checkout.use_cases.accounts import Accounts
from services.checkout.use_cases.answer_asks import AnswerAsks
from services.checkout.use_cases.apply_signals import ApplySignals
from services.checkout.use_cases.ask_provider import AskProvider
from services.checkout.use_cases.breakers import Breakers
from services.checkout.use_cases.call_off import CallOff
from services.checkout.use_cases.expire_sessions import ExpireSessions
from services.checkout.use_cases.intake import Intake
from services.checkout.use_cases.limit_attempts import FailuresPerHour, LimitAttempts
from services.checkout.use_cases.live import Live
from services.checkout.use_cases.poll_charges import PollCharges
from services.checkout.use_cases.read_session import ReadSession
from services.checkout.use_cases.record_callback import RecordCallback
from services.checkout.use_cases.refund_charge import RefundCharge
from services.checkout.use_cases.routing import Routing
from services.checkout.use_cases.send_refunds import SendRefunds
from services.checkout.use_cases.start_charge import StartCharge
from services.checkout.use_cases.take_late_money import TakeLateMoney
from services.checkout.use_cases.vault import Vault
from services.links.use_cases.hold_use import Holds
from services.links.use_cases.read_links import find_for_checkout
from services.links.use_cases.settle_use import take_in_facts
from shared.contracts.catalogue import EVENTS
from shared.contracts.checkout import CustomerView, SessionOpened
from shared.contracts.envelope import Received
from shared.contracts.links import FindLink, HoldUse, HoldUseReply, LinkFound, LinkView
from shared.kernel.ids import new_id
from shared.kernel.money import Money
from shared.runtime.limits import Limiter
from shared.runtime.outbox import Wake
from shared.runtime.postgres import Postgres
from tests.support.emptying import Original, original
from tests.support.links import LinksService, Tenant, links_service
from tests.support.teller import ACCOUNT, SIGNATURE, Teller, Told

BEGINS: Final = datetime(2027, 11, 15, 12, tzinfo=UTC)
MANY: Final = 1_000_000


class Still(LinksService):
    """Its time stands still until a test turns it."""

    moment = BEGINS

    def now(self) -> datetime:
        return self.moment


class NearLinks:
    """What checkout asks of links, without a bus. `asked`: the holds since a test last took them, with the answers."""

    def __init__(self, holds: Holds) -> None:
        self._holds = holds
        self.asked: list[tuple[HoldUse, list[HoldUseReply]]] = []

    async def hold(self, link: LinkView, session_id: UUID, **ask: Any) -> HoldUseReply:
        return await self._ask(HoldUse(org_id=link.org_id, link_id=link.id, session_id=session_id, **ask))

    async def hold_by_id(self, **ask: Any) -> HoldUseReply:
        return await self._ask(HoldUse(**ask))

    async def _ask(self, ask: HoldUse) -> HoldUseReply:
        answer: list[HoldUseReply] = []
        self.asked.append((ask, answer))
        answer.append(await self._holds.hold(ask))
        return answer[0]

    def take_asked(self) -> list[tuple[HoldUse, HoldUseReply]]:
        asked, self.asked = self.asked, []
        return [(ask, answer[0]) for ask, answer in asked]


class _Patient(Breakers):
    """One provider only, and one that fails as often as a test likes."""

    def available(self, account_id: UUID) -> bool:  # noqa: ARG002 - all of them
        return True


class Till:
    """One organization with an account at the teller, in empty databases. Made by `Tills`."""

    def __init__(self, checkout: Postgres, links: Still, shop: Tenant) -> None:
        self.pg, self.links, self.shop = checkout, links, shop
        self.org_id = shop.organization.id
        self.teller = Teller()
        self.near = NearLinks(links.holds)
        self.account_id = new_id()
        near: Any = self.near
        sandbox: Any = SimpleNamespace(name="sandbox", url="http://sandbox", takes={})
        self.providers = providers = Providers(sandbox, [self.teller])
        clock, live, wake = links.now, Live(), Wake()
        attempts = LimitAttempts(
            FailuresPerHour(cards_per_link=MANY, cards_per_address=MANY, tries_per_card=MANY, prompts_per_phone=MANY),
            test_mode=False,
        )
        self.vault = Vault([b"a root secret of the tests, long"])
        accounts, breakers = Accounts(checkout, providers, vault=self.vault, clock=clock), _Patient()
        read = ReadSession(checkout)
        self.apply = ApplySignals(checkout, providers, attempts=attempts, live=live, wake=wake, clock=clock)
        self.start_charge = StartCharge(
            checkout,
            read_session=read,
            links=near,
            providers=providers,
            accounts=accounts,
            routing=Routing(accounts, breakers),
            breakers=breakers,
            attempts=attempts,
            public_url="https://pay.example.com",
            live=live,
            wake=wake,
            clock=clock,
        )
        self.call_off = CallOff(read_session=read, accounts=accounts, providers=providers, apply_signals=self.apply)
        ask = AskProvider(providers, accounts, breakers=breakers, at_once_max=8)
        self.poll = PollCharges(checkout, ask=ask, apply_signals=self.apply, links=near, clock=clock)
        self.answer_asks = AnswerAsks(checkout, ask=ask, apply_signals=self.apply, clock=clock)
        self.expire_sessions = ExpireSessions(checkout, live=live, wake=wake, clock=clock)
        self.send_refunds = SendRefunds(checkout, providers, accounts=accounts, wake=wake, clock=clock)
        self.refund_charge = RefundCharge(providers, ring=lambda: None, wake=wake)
        self.take_late_money = TakeLateMoney(self.refund_charge, clock)
        self.record = RecordCallback(
            checkout,
            accounts,
            providers,
            forgeries=Limiter("forgeries", per_second=MANY, burst=MANY),
            intake=Intake(),
            stored=lambda: None,
            asks=lambda: None,
            wake=wake,
        )

    @property
    def now(self) -> datetime:
        return self.links.now()

    def turn(self, by: timedelta) -> None:
        self.links.moment += by

    async def connect(self) -> None:
        await self.pg.execute(
            "INSERT INTO provider_account (id, org_id, provider, livemode, external_id, credentials, key_id,"
            " created_at, credentials_at, updated_at) VALUES ($1, $2, 'teller', true, $3, $4, $5, $6, $6, $6)",
            self.account_id,
            self.org_id,
            ACCOUNT,
            self.vault.seal({}),
            self.vault.key_id,
            self.now,
        )

    async def link(self, **fields: Any) -> LinkView:
        made = await self.shop.make(methods=["card"], **fields)
        return await self.view(UUID(made["id"]))

    async def view(self, link_id: UUID) -> LinkView:
        found = await find_for_checkout(self.links.pg, FindLink("", link_id))
        assert isinstance(found, LinkFound)
        return found.link

    async def open(self, link: LinkView, total: Money) -> UUID:
        now = self.now
        session = Session(
            id=new_id(),
            org_id=self.org_id,
            link=link,
            customer=CustomerView(),
            total=total,
            locale="en",
            status="open",
            version=1,
            created_at=now,
            expires_at=now + OPEN_FOR,
        )
        opened = SessionOpened(
            org_id=self.org_id, link_id=link.id, session_id=session.id, total=total, expires_at=session.expires_at
        )
        await sessions.open_session(self.pg, session, opened, idempotency=None)
        return session.id

    async def tell(self, told: Sequence[Told], *, forged: bool = False) -> None:
        """Callbacks come in, in this order, and are applied."""
        for one in told:
            await self.record(
                "teller",
                ACCOUNT,
                headers={SIGNATURE: "forged" if forged else "genuine"},
                body=msgspec.json.encode(one),
                client_ip="203.0.113.7",
                now=self.now,
            )
        while await self.apply.waiting_callbacks():
            pass
        await self.answer_asks()

    async def facts(self, of: Postgres, after: int) -> tuple[list[Received], int]:
        """What the service has said since `after`, and the place of the last of it."""
        rows = await of.fetch(
            "SELECT position, id, type, data FROM outbox WHERE position > $1 ORDER BY position", after
        )
        facts = [
            Received(
                row["id"], row["type"], self.now, None, None, msgspec.json.decode(row["data"], type=EVENTS[row["type"]])
            )
            for row in rows
        ]
        return facts, rows[-1]["position"] if rows else after

    async def to_links(self, facts: Sequence[Received]) -> None:
        async with self.links.pg.transaction() as tx:
            await take_in_facts(tx, facts, now=self.now)

    async def to_checkout(self, facts: Sequence[Received]) -> None:
        async with self.pg.transaction() as tx:
            await self.take_late_money(tx, facts)


class Tills:
    """The same two databases for one till after the other."""

    def __init__(self, checkout: Postgres, links: LinksService, *, before: tuple[Original, Original]) -> None:
        self._checkout, self._links, self._before = checkout, links, before

    async def fresh(self) -> Till:
        await self._checkout.execute(self._before[0].emptying)
        await self._links.pg.execute(self._before[1].emptying)
        links = Still(self._links.runtime, self._links.app)
        till = Till(self._checkout, links, await links.tenant(livemode=True))
        await till.connect()
        return till


@asynccontextmanager
async def tills(checkout_dsn: str, links_dsn: str) -> AsyncGenerator[Tills]:
    before = await original(checkout_dsn), await original(links_dsn)
    checkout = await Postgres.connect(checkout_dsn, name="till", size_max=4)
    async with links_service(links_dsn) as links:
        try:
            yield Tills(checkout, links, before=before)
        finally:
            await checkout.close()
