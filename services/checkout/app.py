"""The composition root of checkout: who gets what."""

from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Final, cast
from uuid import UUID

from services.checkout import bus
from services.checkout.jobs import APPLY_SECONDS, EXPIRE_SECONDS, POLL_SECONDS, Ticker
from services.checkout.peers.gate import GatePeer
from services.checkout.peers.links import Links
from services.checkout.providers.sandbox.adapter import Sandbox
from services.checkout.settings import Settings
from services.checkout.use_cases import apply_signals as apply
from services.checkout.use_cases import expire_sessions as expire
from services.checkout.use_cases import poll_charges as poll
from services.checkout.use_cases.accounts import Accounts
from services.checkout.use_cases.apply_signals import ApplySignals
from services.checkout.use_cases.call_off import CallOff
from services.checkout.use_cases.checkout import Checkout
from services.checkout.use_cases.expire_sessions import ExpireSessions
from services.checkout.use_cases.find_coupon import FindCoupon
from services.checkout.use_cases.gate import Gate, TokenKeys
from services.checkout.use_cases.limit_addresses import LimitAddresses
from services.checkout.use_cases.live import Live
from services.checkout.use_cases.open_for_peer import OpenForPeer
from services.checkout.use_cases.open_session import OpenSession
from services.checkout.use_cases.poll_charges import PollCharges
from services.checkout.use_cases.project_links import ProjectLinks
from services.checkout.use_cases.read_session import ReadSession
from services.checkout.use_cases.record_callback import RecordCallback
from services.checkout.use_cases.rendered import Rendered
from services.checkout.use_cases.start_charge import StartCharge
from services.checkout.use_cases.tokens import SessionTokens
from services.checkout.use_cases.view_link import ViewLink
from services.checkout.web import api
from services.checkout.web import pages as web_pages
from shared.contracts.links import LinkView
from shared.runtime.limits import Limiter
from shared.runtime.secrets import derive, sealer
from shared.runtime.service import Parts, Runtime, run

MIGRATIONS: Final = Path(__file__).parent / "migrations"
FORGERIES_PER_SECOND: Final = 1
FORGERIES_BURST: Final = 50
"""Callbacks with a bad signature that are kept, per address and per account: enough to see an attack; at most 0.7 GB
a day and account, wherever they come from."""


def main() -> None:
    run("checkout", Settings.from_environment, MIGRATIONS, cast("Callable[..., Awaitable[Parts]]", build))


async def build(runtime: Runtime) -> Parts:
    settings = cast("Settings", runtime.settings)
    pg, clock, wake = runtime.postgres, runtime.clock, runtime.wake
    root = settings.root_secret()
    sandbox = Sandbox(
        settings.sandbox_url, settings.sandbox_platform_key, timeout_seconds=settings.provider_timeout_seconds
    )
    links = Links(runtime.broker)
    accounts = Accounts(pg, sandbox, sealer=sealer(derive(root, "sealing"), "provider-account"), clock=clock)
    tokens = SessionTokens(root, settings.public_url)
    live, answers, pages, recent = Live(), Rendered[object](), Rendered[object](), Rendered[LinkView]()
    view_link, read_session, find_coupon = ViewLink(pg, links, recent), ReadSession(pg), FindCoupon(links)
    gate_peer = GatePeer(runtime.broker)
    token_keys = TokenKeys(gate_peer)
    gate = Gate(gate_peer, token_keys, issuer=settings.public_url.rstrip("/"), clock=clock)
    open_session = OpenSession(pg, view_link, sandbox, find_coupon=find_coupon, gate=gate, wake=wake)
    apply_signals = ApplySignals(pg, sandbox, live=live, wake=wake, clock=clock)
    polls = PollCharges(pg, provider=sandbox, accounts=accounts, apply_signals=apply_signals, links=links, clock=clock)
    applier = Ticker("apply", apply_signals.waiting_callbacks, every_seconds=APPLY_SECONDS, batch=apply.BATCH)
    poller = Ticker("poll", polls, every_seconds=POLL_SECONDS, batch=poll.BATCH)
    expirer = Ticker(
        "expire",
        ExpireSessions(pg, live=live, wake=wake, clock=clock),
        every_seconds=EXPIRE_SECONDS,
        batch=expire.BATCH,
    )
    checkout = Checkout(
        view_link=view_link,
        open_session=open_session,
        gate=gate,
        find_coupon=find_coupon,
        call_off=CallOff(read_session=read_session, accounts=accounts, provider=sandbox, apply_signals=apply_signals),
        start_charge=StartCharge(
            pg,
            read_session=read_session,
            links=links,
            provider=sandbox,
            accounts=accounts,
            public_url=settings.public_url,
            live=live,
            wake=wake,
            clock=clock,
        ),
        read_session=read_session,
        record_callback=RecordCallback(
            pg,
            accounts,
            sandbox,
            forgeries=Limiter("forged callbacks", per_second=FORGERIES_PER_SECOND, burst=FORGERIES_BURST),
            stored=applier.ring,
            wake=wake,
        ),
        tokens=tokens,
        live=live,
        answers=answers,
        pages=pages,
        provider=sandbox,
        accounts=accounts,
        limit_addresses=LimitAddresses(settings.rate_per_address_per_minute, test_mode=settings.test_mode),
        clock=clock,
        public_url=settings.public_url.rstrip("/"),
        test_mode=settings.test_mode,
    )

    def link_changed(link_ids: Iterable[UUID]) -> None:
        changed = list(link_ids)
        answers.drop(changed)
        pages.drop(changed)
        recent.drop(changed)

    bus.answer(runtime.broker, OpenForPeer(open_session, tokens, clock))
    return Parts(
        route_handlers=[*api.routes(checkout), *web_pages.routes(checkout)],
        exception_handlers={**api.EXCEPTION_HANDLERS, **web_pages.missing(checkout)},
        consumers=[bus.project_links(runtime.broker, pg, ProjectLinks(clock, link_changed))],
        tickers=[token_keys.run, applier.run, poller.run, expirer.run, bus.News(runtime.broker, live).run],
        closers=[sandbox.close],
    )
