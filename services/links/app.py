"""The composition root of links."""

from pathlib import Path
from typing import Final

from litestar.config.app import AppConfig

from services.links import bus, jobs
from services.links.dialects.native.routes import HANDLERS
from services.links.dialects.native.routes.call import Native
from services.links.domain.answer import Seal
from services.links.settings import Settings
from services.links.use_cases.authenticate import Authenticator
from services.links.use_cases.hold_use import Holds
from shared.runtime.limits import Limiter
from shared.runtime.secrets import sealer
from shared.runtime.service import Parts, Runtime, run

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_BURST_SECONDS: Final = 4


async def build(runtime: Runtime) -> Parts:
    settings = runtime.settings
    assert isinstance(settings, Settings)
    per_second = settings.per_key_per_second()
    authenticator = Authenticator(
        runtime.postgres, Limiter("api_key", per_second=per_second, burst=per_second * _BURST_SECONDS)
    )
    box = sealer(settings.root_secret(), "idempotent-answers")
    native = Native(
        pg=runtime.postgres,
        authenticator=authenticator,
        clock=runtime.clock,
        wake=runtime.wake,
        seal=Seal(box.encrypt, box.decrypt),
        public_url=settings.public_url.rstrip("/"),
        test_mode=settings.test_mode,
    )

    def hand_over(config: AppConfig) -> AppConfig:
        config.state["native"] = native
        return config

    bus.answer(runtime, Holds(runtime.postgres, runtime.clock, runtime.wake))
    return Parts(
        route_handlers=HANDLERS,
        consumers=bus.consumers(runtime),
        tickers=jobs.tickers(runtime, authenticator),
        on_app_init=[hand_over],
    )


def main() -> None:
    run("links", Settings.from_environment, MIGRATIONS, build)
