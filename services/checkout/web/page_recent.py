"""What this browser has paid on a link a moment ago, or is still paying: told before it pays that link again."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.checkout.domain.session import SessionState
from services.checkout.use_cases.checkout import Checkout
from services.checkout.web.page_answers import PAID_COOKIE, PAID_SECONDS, HttpRequest, cookies_of
from services.checkout.web.page_session_views import session_path
from services.checkout.web.views import RecentPayment
from shared.contracts.links import LinkView
from shared.kernel.faults import Fault

SESSIONS_READ_MAX: Final = 10
"""The newest. Cookies are what a browser likes to send."""
_GONE: Final = frozenset({"going_back", "given_back", "charged_back"})


def has_recent(request: HttpRequest) -> bool:
    """Whether there may be something to tell. Most buyers have nothing, and get the page that is ready."""
    return any(name.startswith(PAID_COOKIE) for name in cookies_of(request))


async def recent_payment(
    checkout: Checkout, request: HttpRequest, link: LinkView, *, now: datetime, own: UUID | None = None
) -> RecentPayment | None:
    """The newest that is paid or under way as its session stands now; what has come to nothing is not told.

    `own` is the session that the very form in hand has opened: sent twice, the form joins what waits there.
    """
    read = 0
    for session_id, token in _newest_first(request):
        if not checkout.tokens.opens(session_id, token):
            continue
        if (read := read + 1) > SESSIONS_READ_MAX:
            break
        try:
            state = await checkout.read_session(session_id)
        except Fault:  # of a session that is gone, or not to be read now: the buyer is not asked
            continue
        told = _told(state, link, now)
        if told is not None and not (told.paid_at is None and session_id == own):
            return told
    return None


def _told(state: SessionState, link: LinkView, now: datetime) -> RecentPayment | None:
    session = state.session
    if session.link.id != link.id:
        return None
    if state.status_at(now) == "paying":
        return RecentPayment(None, session_path(session))
    paid_at = session.paid_at
    if paid_at is None or state.fate in _GONE or not _news(session.created_at, paid_at, now):
        return None
    return RecentPayment(paid_at, session_path(session))


def _news(began_at: datetime, paid_at: datetime, now: datetime) -> bool:
    """What took long is news however long ago: once its receipt was shown, the browser forgets its cookie soon."""
    moment = timedelta(seconds=PAID_SECONDS)
    return paid_at - began_at > moment or now - paid_at <= moment


def _newest_first(request: HttpRequest) -> Iterator[tuple[UUID, str]]:
    """(session, token) of each cookie with a session in its name. Ids tell the order: they begin with the time."""
    cookies = cookies_of(request)
    for name in sorted((name for name in cookies if name.startswith(PAID_COOKIE)), reverse=True):
        try:
            session_id = UUID(name.removeprefix(PAID_COOKIE))
        except ValueError:  # made up
            continue
        yield session_id, cookies[name]
