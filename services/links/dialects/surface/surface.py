import msgspec

from services.links.use_cases.authenticate import Authenticator
from services.links.use_cases.create_link import NewLinks
from services.links.use_cases.sessions import SessionAuthenticator
from services.links.use_cases.sign_in import Door
from shared.kernel.answer import Seal
from shared.kernel.moment import Clock
from shared.runtime.limits import Limiter
from shared.runtime.outbox import Wake
from shared.runtime.postgres import Postgres


class Surface(msgspec.Struct, frozen=True, kw_only=True):
    """What the routes of every dialect work with."""

    pg: Postgres
    new_links: NewLinks
    authenticator: Authenticator
    sessions: SessionAuthenticator
    door: Door
    clock: Clock
    wake: Wake
    seal: Seal
    public_url: str
    test_mode: bool
    slug_questions: Limiter = msgspec.field(default_factory=lambda: Limiter("slugs", per_second=1, burst=30))
    """How often an organization may ask whether a slug is free."""
