"""What the pages of the dashboard work with."""

from typing import Final, cast

import msgspec

from services.links.dashboard.answers import PATH, HttpRequest
from services.links.dashboard.guard import FormGuard
from services.links.use_cases.session_tokens import SESSION_COOKIE
from services.links.use_cases.sessions import Session, SessionAuthenticator
from services.links.use_cases.sign_in import Door
from shared.kernel.faults import Unauthorized
from shared.kernel.moment import Clock
from shared.runtime.csrf import CsrfGuard
from shared.runtime.postgres import Postgres

LOGIN: Final = f"{PATH}/login"


class Dashboard(msgspec.Struct, frozen=True, kw_only=True):
    pg: Postgres
    sessions: SessionAuthenticator
    door: Door
    guard: FormGuard
    csrf: CsrfGuard
    clock: Clock
    public_url: str

    @property
    def secure(self) -> bool:
        return self.public_url.startswith("https:")

    async def session(self, request: HttpRequest) -> Session | None:
        try:
            return await self.sessions.session(request.cookies.get(SESSION_COOKIE), now=self.clock())
        except Unauthorized:
            return None


def dashboard_of(request: HttpRequest) -> Dashboard:
    return cast("Dashboard", request.app.state.dashboard)
