"""The composition root of checkout: who gets what."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, cast
from uuid import UUID

from services.checkout import bus, jobs
from services.checkout.peers.gate import GatePeer
from services.checkout.peers.links import Links
from services.checkout.providers.installed import installed
from services.checkout.settings import Settings
from services.checkout.use_cases.accounts import Accounts
from services.checkout.use_cases.apply_signals import ApplySignals
from services.checkout.use_cases.breakers import Breakers
from services.checkout.use_cases.call_off import CallOff
from services.checkout.use_cases.checkout import Checkout
from services.checkout.use_cases.desk import Desk
from services.checkout.use_cases.find_coupon import FindCoupon
from services.checkout.use_cases.gate import Gate, TokenKeys
from services.checkout.use_cases.limit_addresses import LimitAddresses
from services.checkout.use_cases.limit_attempts import FailuresPerHour, LimitAttempts
from services.checkout.use_cases.live import Live
from services.checkout.use_cases.manage_accounts import ManageAccounts
from services.checkout.use_cases.merchant import Merchant
from services.checkout.use_cases.open_for_peer import OpenForPeer
from services.checkout.use_cases.open_session import OpenSession
from services.checkout.use_cases.project_links import ProjectLinks
from services.checkout.use_cases.read_money import ReadMoney
from services.checkout.use_cases.read_session import ReadSession
from services.checkout.use_cases.reconcile import Reconcile
from services.checkout.use_cases.record_callback import RecordCallback
from services.checkout.use_cases.refund_charge import RefundCharge
from services.checkout.use_cases.rendered import Kept
from services.checkout.use_cases.routing import Routing
from services.checkout.use_cases.search_callbacks import SearchCallbacks
from services.checkout.use_cases.serve_operator import ServeOperator
from services.checkout.use_cases.start_charge import StartCharge
from services.checkout.use_cases.tokens import SessionTokens
from services.checkout.use_cases.vault import Vault
from services.checkout.use_cases.view_link import ViewLink
from services.checkout.web import api
from services.checkout.web import pages as web_pages
from services.checkout.web.money_room import MoneyRoom
from shared.runtime.callers import Callers
from shared.runtime.csrf import CsrfGuard
from shared.runtime.limits import Limiter
from shared.runtime.member_tokens import TokenReader
from shared.runtime.service import Parts, Runtime, run

MIGRATIONS: Final = Path(__file__).parent / "migrations"
FORGERIES_PER_SECOND: Final = 1
BURST_SECONDS: Final = 4
"""Of requests that a key may make at once."""
FORGERIES_BURST: Final = 50
"""Callbacks with a bad signature that are kept, per address and per account: enough to see an attack; at most 0.7 GB
a day and account, wherever they come from."""


def main() -> None:
    run("checkout", Settings.from_environment, MIGRATIONS, cast("Callable[..., Awaitable[Parts]]", build))


async def build(runtime: Runtime) -> Parts:
    desk = _desk(runtime)
    kept = Kept()
    gate_peer = GatePeer(runtime.broker)
    token_keys = TokenKeys(gate_peer)
    gate = Gate(gate_peer, token_keys, issuer=desk.settings.public_url.rstrip("/"), clock=runtime.clock)
    reconcile = Reconcile(
        runtime.postgres, desk.providers, desk.accounts, learned=desk.apply_signals.words, clock=runtime.clock
    )
    tickers, refunder = jobs.tickers(desk, reconcile), jobs.refunder(desk)
    money = _money_room(desk, ring=refunder.ring)
    checkout = _checkout(desk, kept, gate, tickers)
    merchant = _merchant(desk, checkout, reconcile, stored=tickers.replayed)
    bus.answer(runtime.broker, OpenForPeer(checkout.open_session, checkout.tokens, runtime.clock))
    operator = ServeOperator(merchant.callbacks, merchant.manage_accounts, reconcile)
    bus.answer_operator(runtime.broker, operator)

    def accounts_changed(org_id: UUID | None) -> None:
        desk.accounts.forget(org_id)
        kept.clear()

    return Parts(
        route_handlers=[
            *api.routes(checkout),
            *api.merchant_routes(merchant),
            *api.money_routes(money),
            *web_pages.routes(checkout),
        ],
        exception_handlers={**api.EXCEPTION_HANDLERS, **web_pages.missing(checkout)},
        consumers=[
            bus.project_links(runtime.broker, runtime.postgres, ProjectLinks(runtime.clock, kept.link_changed)),
            bus.take_late_money(runtime.broker, runtime.postgres, money.refund_charge, runtime.clock),
        ],
        tickers=[
            token_keys.run,
            *tickers.run,
            refunder.run,
            bus.News(runtime.broker, desk.live).run,
            bus.AccountNews(runtime.broker, accounts_changed).run,
        ],
        closers=[desk.providers.close],
    )


def _desk(runtime: Runtime) -> Desk:
    settings = cast("Settings", runtime.settings)
    pg, clock, live = runtime.postgres, runtime.clock, Live()
    providers, vault = installed(settings), Vault(settings.root_secrets())
    attempts = LimitAttempts(
        FailuresPerHour(
            cards_per_link=settings.failed_cards_per_link_per_hour,
            cards_per_address=settings.failed_cards_per_address_per_hour,
            tries_per_card=settings.failed_tries_per_card_per_hour,
            prompts_per_phone=settings.failed_prompts_per_phone_per_hour,
        ),
        test_mode=settings.test_mode,
    )
    return Desk(
        runtime=runtime,
        settings=settings,
        providers=providers,
        accounts=Accounts(pg, providers, vault=vault, clock=clock),
        vault=vault,
        breakers=Breakers(),
        attempts=attempts,
        links=Links(runtime.broker),
        live=live,
        apply_signals=ApplySignals(pg, providers, attempts=attempts, live=live, wake=runtime.wake, clock=clock),
    )


def _checkout(desk: Desk, kept: Kept, gate: Gate, tickers: jobs.Tickers) -> Checkout:
    runtime, settings, pg = desk.runtime, desk.settings, desk.runtime.postgres
    routing = Routing(desk.accounts, desk.breakers)
    view_link, read_session = ViewLink(pg, desk.links, kept.recent), ReadSession(pg)
    find_coupon = FindCoupon(desk.links)
    return Checkout(
        view_link=view_link,
        open_session=OpenSession(pg, view_link, routing, find_coupon=find_coupon, gate=gate, wake=runtime.wake),
        gate=gate,
        find_coupon=find_coupon,
        call_off=CallOff(
            read_session=read_session,
            accounts=desk.accounts,
            providers=desk.providers,
            apply_signals=desk.apply_signals,
        ),
        start_charge=_start_charge(desk, routing, read_session),
        read_session=read_session,
        record_callback=RecordCallback(
            pg,
            desk.accounts,
            desk.providers,
            forgeries=Limiter("forged callbacks", per_second=FORGERIES_PER_SECOND, burst=FORGERIES_BURST),
            intake=tickers.intake,
            stored=tickers.stored,
            asks=tickers.asks,
            wake=runtime.wake,
        ),
        tokens=SessionTokens(settings.root_secret(), settings.public_url),
        live=desk.live,
        answers=kept.answers,
        pages=kept.pages,
        providers=desk.providers,
        routing=routing,
        limit_addresses=LimitAddresses(settings.rate_per_address_per_minute, test_mode=settings.test_mode),
        clock=runtime.clock,
        public_url=settings.public_url.rstrip("/"),
        test_mode=settings.test_mode,
    )


def _start_charge(desk: Desk, routing: Routing, read_session: ReadSession) -> StartCharge:
    return StartCharge(
        desk.runtime.postgres,
        read_session=read_session,
        links=desk.links,
        providers=desk.providers,
        accounts=desk.accounts,
        routing=routing,
        breakers=desk.breakers,
        attempts=desk.attempts,
        public_url=desk.settings.public_url,
        live=desk.live,
        wake=desk.runtime.wake,
        clock=desk.runtime.clock,
    )


def _money_room(desk: Desk, *, ring: Callable[[], None]) -> MoneyRoom:
    """`ring` is called as a refund waits to be sent."""
    pg, clock, wake, providers = desk.runtime.postgres, desk.runtime.clock, desk.runtime.wake, desk.providers
    return MoneyRoom(
        postgres=pg,
        callers=_callers(desk),
        read=ReadMoney(pg, providers),
        refund_charge=RefundCharge(providers, ring=ring, wake=wake),
        clock=clock,
    )


def _callers(desk: Desk) -> Callers:
    per_second = desk.settings.rate_per_key_per_second
    limiter = Limiter("api_key", per_second=per_second, burst=per_second * BURST_SECONDS)
    secret = desk.settings.root_secret()
    guard = CsrfGuard(secret, desk.settings.public_url)
    return Callers(desk.runtime.broker, TokenReader(secret), limiter, guard=guard)


def _merchant(desk: Desk, checkout: Checkout, reconcile: Reconcile, *, stored: Callable[[], None]) -> Merchant:
    runtime, pg = desk.runtime, desk.runtime.postgres
    return Merchant(
        callers=_callers(desk),
        clock=runtime.clock,
        public_url=checkout.public_url,
        providers=desk.providers,
        breakers=desk.breakers,
        routing=checkout.routing,
        view_link=checkout.view_link,
        manage_accounts=ManageAccounts(pg, desk.providers, desk.accounts, vault=desk.vault, wake=runtime.wake),
        callbacks=SearchCallbacks(pg, desk.providers, desk.accounts, stored=stored),
        reconcile=reconcile,
    )
