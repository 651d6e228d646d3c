"""The composition root of links: what each room works with is made here, once, and handed over."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from litestar.config.app import AppConfig

from services.links import bus, jobs
from services.links.dashboard import pages as dashboard_pages
from services.links.dashboard.guard import FormGuard
from services.links.dialects import catalog, collections, core, digital, gated
from services.links.dialects.native.batch_rows import draft_of_row
from services.links.dialects.native.routes import HANDLERS
from services.links.dialects.surface.registry import Registry
from services.links.dialects.surface.surface import Surface
from services.links.domain.pace import Pace
from services.links.peers.checkout import Checkout
from services.links.peers.notify import Notify
from services.links.settings import Settings
from services.links.store import feed
from services.links.use_cases.authenticate import Authenticator
from services.links.use_cases.begin_checkout import Checkouts
from services.links.use_cases.client_trust import trust_of
from services.links.use_cases.clients import Clients
from services.links.use_cases.create_link import new_links_of
from services.links.use_cases.hold_use import Holds
from services.links.use_cases.otp import Otp
from services.links.use_cases.passwords import Passwords
from services.links.use_cases.run_batches import Batches
from services.links.use_cases.session_tokens import SessionTokens
from services.links.use_cases.sessions import SessionAuthenticator
from services.links.use_cases.sign_in import Attempts, Door
from services.links.use_cases.signing_keys import SigningKeys
from shared.kernel.answer import Seal
from shared.runtime.csrf import CsrfGuard
from shared.runtime.limits import Limiter
from shared.runtime.secrets import derive, sealer
from shared.runtime.service import Parts, Runtime, run

MIGRATIONS: Final = Path(__file__).parent / "migrations"
DIALECTS: Final = Registry((collections.DIALECT, core.DIALECT, catalog.DIALECT, digital.DIALECT, gated.DIALECT))
_BURST_SECONDS: Final = 4


async def build(runtime: Runtime) -> Parts:
    settings = runtime.settings
    assert isinstance(settings, Settings)
    surface = _surface(runtime, settings)
    keys = _signing_keys(runtime, settings)
    otp = _otp(runtime, settings, keys)
    clients = _clients(runtime, settings)
    bus.answer_gate(runtime, otp, keys)
    bus.answer(runtime, Holds(runtime.postgres, runtime.clock, runtime.wake))
    return Parts(
        route_handlers=[*HANDLERS, *dashboard_pages.routes(), *DIALECTS.handlers],
        consumers=bus.consumers(runtime),
        tickers=[
            *jobs.tickers(runtime, surface.authenticator, surface.sessions),
            *jobs.gate_tickers(runtime, otp, keys),
            jobs.batch_ticker(_batches(runtime, settings)),
        ],
        exception_handlers=DIALECTS.exception_handlers,
        tell=DIALECTS.tell,
        closers=[clients.close],
        mark_sent=feed.MARK_SENT,
        on_app_init=[
            _handed_over(
                surface=surface,
                dashboard=_dashboard(settings, surface),
                checkouts=_checkouts(runtime, settings),
                clients=clients,
                otp=otp,
                signing_keys=keys,
            )
        ],
    )


def _handed_over(**state: Any) -> Callable[[AppConfig], AppConfig]:
    """Where the handlers find it: `request.app.state`."""

    def hand_over(config: AppConfig) -> AppConfig:
        config.state.update(state)
        return config

    return hand_over


def _surface(runtime: Runtime, settings: Settings) -> Surface:
    tokens = SessionTokens(settings.root_secret())
    box = sealer(settings.root_secret(), "idempotent-answers")
    return Surface(
        pg=runtime.postgres,
        new_links=new_links_of(runtime.postgres),
        authenticator=Authenticator(runtime.postgres, _limiter("api_key", settings)),
        sessions=SessionAuthenticator(runtime.postgres, tokens, _limiter("session", settings)),
        door=Door(
            passwords=Passwords(),
            tokens=tokens,
            attempts=Attempts(test_mode=settings.test_mode),
            livemode=not settings.test_mode,
        ),
        clock=runtime.clock,
        wake=runtime.wake,
        seal=Seal(box.encrypt, box.decrypt),
        public_url=settings.public_url.rstrip("/"),
        test_mode=settings.test_mode,
    )


def _dashboard(settings: Settings, surface: Surface) -> dashboard_pages.Dashboard:
    return dashboard_pages.Dashboard(
        pg=surface.pg,
        sessions=surface.sessions,
        door=surface.door,
        guard=FormGuard(settings.root_secret(), settings.public_url),
        csrf=CsrfGuard(settings.root_secret(), settings.public_url),
        clock=surface.clock,
        public_url=settings.public_url,
    )


def _clients(runtime: Runtime, settings: Settings) -> Clients:
    limiter = _limiter("client", settings)
    return Clients(runtime.postgres, trust_of(settings), limiter, livemode=not settings.test_mode)


def _signing_keys(runtime: Runtime, settings: Settings) -> SigningKeys:
    box = sealer(settings.root_secret(), "signing-keys")
    return SigningKeys(runtime.postgres, box, issuer=settings.public_url.rstrip("/"))


def _otp(runtime: Runtime, settings: Settings, keys: SigningKeys) -> Otp:
    return Otp(
        runtime.postgres,
        notify=Notify(runtime.broker),
        keys=keys,
        pace=Pace(derive(settings.root_secret(), "otp-pace"), settings.otp_limits()),
        test_mode=settings.test_mode,
        committed=runtime.wake,
    )


def _checkouts(runtime: Runtime, settings: Settings) -> Checkouts:
    return Checkouts(
        runtime.postgres,
        Checkout(runtime.broker),
        per_address_per_minute=settings.rate_per_address_per_minute,
        test_mode=settings.test_mode,
    )


def _batches(runtime: Runtime, settings: Settings) -> Batches:
    return Batches(runtime.postgres, runtime.clock, read=draft_of_row, wake=runtime.wake, test_mode=settings.test_mode)


def _limiter(kind: str, settings: Settings) -> Limiter:
    """How often each caller of this kind may call."""
    per_second = settings.per_key_per_second()
    return Limiter(kind, per_second=per_second, burst=per_second * _BURST_SECONDS)


def main() -> None:
    run("links", Settings.from_environment, MIGRATIONS, build)
