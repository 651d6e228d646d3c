"""The composition root of links."""

from pathlib import Path
from typing import Final

from litestar.config.app import AppConfig

from services.links import bus, jobs
from services.links.dashboard import pages as dashboard_pages
from services.links.dashboard.guard import FormGuard
from services.links.dialects import catalog, collections, core, digital, gated
from services.links.dialects.native.batch_rows import draft_of_row
from services.links.dialects.native.routes import HANDLERS
from services.links.dialects.surface.registry import Registry
from services.links.dialects.surface.surface import Surface
from services.links.domain.answer import Seal
from services.links.domain.pace import Pace
from services.links.peers.checkout import Checkout
from services.links.peers.notify import Notify
from services.links.settings import Settings
from services.links.use_cases.authenticate import Authenticator
from services.links.use_cases.begin_checkout import Checkouts
from services.links.use_cases.client_trust import trust_of
from services.links.use_cases.clients import Clients
from services.links.use_cases.hold_use import Holds
from services.links.use_cases.otp import Otp
from services.links.use_cases.passwords import Passwords
from services.links.use_cases.run_batches import Batches
from services.links.use_cases.session_tokens import SessionTokens
from services.links.use_cases.sessions import SessionAuthenticator
from services.links.use_cases.sign_in import Attempts, Door
from services.links.use_cases.signing_keys import SigningKeys
from shared.runtime.limits import Limiter
from shared.runtime.secrets import derive, sealer
from shared.runtime.service import Parts, Runtime, run

MIGRATIONS: Final = Path(__file__).parent / "migrations"
DIALECTS: Final = Registry((collections.DIALECT, core.DIALECT, catalog.DIALECT, digital.DIALECT, gated.DIALECT))
_BURST_SECONDS: Final = 4


async def build(runtime: Runtime) -> Parts:
    settings = runtime.settings
    assert isinstance(settings, Settings)
    per_second = settings.per_key_per_second()
    authenticator = Authenticator(
        runtime.postgres, Limiter("api_key", per_second=per_second, burst=per_second * _BURST_SECONDS)
    )
    tokens = SessionTokens(settings.root_secret())
    sessions = SessionAuthenticator(
        runtime.postgres, tokens, Limiter("session", per_second=per_second, burst=per_second * _BURST_SECONDS)
    )
    clients = Clients(
        runtime.postgres,
        trust_of(settings),
        Limiter("client", per_second=per_second, burst=per_second * _BURST_SECONDS),
        livemode=not settings.test_mode,
    )
    door = Door(
        passwords=Passwords(),
        tokens=tokens,
        attempts=Attempts(test_mode=settings.test_mode),
        livemode=not settings.test_mode,
    )
    box = sealer(settings.root_secret(), "idempotent-answers")
    surface = Surface(
        pg=runtime.postgres,
        authenticator=authenticator,
        sessions=sessions,
        door=door,
        clock=runtime.clock,
        wake=runtime.wake,
        seal=Seal(box.encrypt, box.decrypt),
        public_url=settings.public_url.rstrip("/"),
        test_mode=settings.test_mode,
    )
    keys = SigningKeys(
        runtime.postgres, sealer(settings.root_secret(), "signing-keys"), issuer=settings.public_url.rstrip("/")
    )
    otp = Otp(
        runtime.postgres,
        notify=Notify(runtime.broker),
        keys=keys,
        pace=Pace(derive(settings.root_secret(), "otp-pace"), settings.otp_limits()),
        test_mode=settings.test_mode,
        committed=runtime.wake,
    )

    dashboard = dashboard_pages.Dashboard(
        pg=runtime.postgres,
        sessions=sessions,
        door=door,
        guard=FormGuard(settings.root_secret(), settings.public_url),
        clock=runtime.clock,
        public_url=settings.public_url,
    )

    batches = Batches(
        runtime.postgres,
        runtime.clock,
        read=draft_of_row,
        wake=runtime.wake,
        test_mode=settings.test_mode,
    )

    checkouts = Checkouts(
        runtime.postgres,
        Checkout(runtime.broker),
        per_address_per_minute=settings.rate_per_address_per_minute,
        test_mode=settings.test_mode,
    )

    def hand_over(config: AppConfig) -> AppConfig:
        config.state["surface"] = surface
        config.state["dashboard"] = dashboard
        config.state["otp"] = otp
        config.state["signing_keys"] = keys
        config.state["checkouts"] = checkouts
        config.state["clients"] = clients
        return config

    bus.answer_gate(runtime, otp, keys)
    bus.answer(runtime, Holds(runtime.postgres, runtime.clock, runtime.wake))
    return Parts(
        route_handlers=[*HANDLERS, *dashboard_pages.routes(), *DIALECTS.handlers],
        consumers=bus.consumers(runtime),
        tickers=[
            *jobs.tickers(runtime, authenticator, sessions),
            *jobs.gate_tickers(runtime, otp, keys),
            jobs.batch_ticker(batches),
        ],
        exception_handlers=DIALECTS.exception_handlers,
        tell=DIALECTS.tell,
        closers=[clients.close],
        on_app_init=[hand_over],
    )


def main() -> None:
    run("links", Settings.from_environment, MIGRATIONS, build)
