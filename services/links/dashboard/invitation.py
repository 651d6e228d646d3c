"""`/dashboard/invitation`: where somebody who is invited joins.

The link that was handed over has the token in its query. It is put into a cookie of this page at once, so that it
stands neither in the address bar nor in what other sites are told.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from litestar import get, post
from litestar.response.base import ASGIResponse

from services.links.dashboard.answers import (
    PATH,
    HttpRequest,
    client_of,
    cookie,
    form_of,
    headers_of,
    locale_of,
    page,
    redirect,
)
from services.links.dashboard.context import Dashboard, dashboard_of
from services.links.dashboard.guard import GUARD_COOKIE
from services.links.dashboard.render import render_invitation, render_invitation_ended
from services.links.dashboard.views import InvitationFlaw, InvitationView
from services.links.domain.faults import InvitationEnded, SignInRefused
from services.links.domain.member import (
    INVITATION_PATH,
    INVITATION_PREFIX,
    NAME_CHARS_MAX,
    PASSWORD_CHARS_MAX,
    SignedIn,
    invitation_digest,
    password_flaw,
)
from services.links.use_cases.accept_invitation import Invited, accept_invitation, read_invitation
from services.links.use_cases.session_tokens import set_cookie
from shared.kernel.faults import Invalid
from shared.runtime.limits import RateLimited
from shared.runtime.problems import headers_for
from shared.web.formats import format_moment
from shared.web.security import new_nonce

COOKIE: Final = "paylinks_invitation"
_TOKEN_CHARS_MAX: Final = 100
_COOKIE_LASTS: Final = timedelta(hours=1)
_STATUS: Final[dict[InvitationFlaw, int]] = {"wrong": 401, "form": 403, "limited": 429}
_GONE: Final = 410
_UNKNOWN: Final = 404


@get(INVITATION_PATH)
async def show_invitation(request: HttpRequest) -> ASGIResponse:
    dashboard = dashboard_of(request)
    handed = request.query_params.get("token")
    if handed is not None and _is_token(handed):
        kept = cookie(COOKIE, handed, path=INVITATION_PATH, secure=dashboard.secure, lasts=_COOKIE_LASTS)
        return redirect(INVITATION_PATH, kept)
    token = request.cookies.get(COOKIE, "") if handed is None else ""
    try:
        invited = await _read(dashboard, token)
    except InvitationEnded as ended:
        return _ended(request, dashboard, ended)
    return _form(request, dashboard, invited, token=token)


@post(INVITATION_PATH)
async def send_invitation(request: HttpRequest) -> ASGIResponse:
    dashboard = dashboard_of(request)
    posted, token = await form_of(request), request.cookies.get(COOKIE, "")
    try:
        invited = await _read(dashboard, token)
        tried = await _try(request, dashboard, invited, token=token, posted=posted)
    except InvitationEnded as ended:
        return _ended(request, dashboard, ended)
    if isinstance(tried, SignedIn):
        return _joined(dashboard, tried)
    return _form(request, dashboard, invited, token=token, flaw=tried, name=posted.get("name"))


async def _read(dashboard: Dashboard, token: str) -> Invited:
    if not _is_token(token):
        raise InvitationEnded("unknown")
    return await read_invitation(dashboard.pg, token, now=dashboard.clock())


def _is_token(text: str) -> bool:
    letters = text.removeprefix(INVITATION_PREFIX)
    is_plain = letters.isascii() and letters.replace("-", "").replace("_", "").isalnum()
    return letters != text and is_plain and len(text) <= _TOKEN_CHARS_MAX


async def _try(
    request: HttpRequest, dashboard: Dashboard, invited: Invited, *, token: str, posted: Mapping[str, str]
) -> SignedIn | RateLimited | InvitationFlaw:
    """Raises: InvitationEnded: meanwhile."""
    name, password = posted.get("name", "").strip(), posted.get("password", "")
    # Bound to the invitation as well: of two that are open in two tabs, none is joined with what the other says.
    bound, guard = invitation_digest(token).hex(), request.cookies.get(GUARD_COOKIE)
    if not dashboard.guard.admits(headers_of(request), posted, cookie=guard, session_id=bound):
        return "form"
    if flaw := _flaw_of(invited, name, password):
        return flaw
    ip, user_agent = client_of(request)
    try:
        return await accept_invitation(
            dashboard.pg,
            dashboard.door,
            invitation=token,
            password=password[: PASSWORD_CHARS_MAX + 1],
            name=name if invited.is_new else None,
            kind="cookie",
            now=dashboard.clock(),
            ip=ip,
            user_agent=user_agent,
        )
    except SignInRefused:
        return "wrong"
    except Invalid as fault:
        return "name" if fault.values["field"] == "name" else "length"
    except RateLimited as fault:
        return fault


def _flaw_of(invited: Invited, name: str, password: str) -> InvitationFlaw | None:
    if not password or (invited.is_new and not name):
        return "missing"
    return password_flaw(password, email=invited.member.email) if invited.is_new else None


def _joined(dashboard: Dashboard, signed_in: SignedIn) -> ASGIResponse:
    lasts = signed_in.expires_at - signed_in.login.created_at
    return redirect(
        PATH,
        set_cookie(signed_in.token, lasts=lasts, secure=dashboard.secure),
        cookie(COOKIE, "", path=INVITATION_PATH, secure=dashboard.secure, lasts=timedelta()),
    )


def _form(
    request: HttpRequest,
    dashboard: Dashboard,
    invited: Invited,
    *,
    token: str,
    flaw: InvitationFlaw | RateLimited | None = None,
    name: str | None = None,
) -> ASGIResponse:
    limited = flaw if isinstance(flaw, RateLimited) else None
    told: InvitationFlaw | None = "limited" if isinstance(flaw, RateLimited) else flaw
    member, organization = invited.member, invited.organization
    guard, nonce = dashboard.guard.cookie(request.cookies.get(GUARD_COOKIE)), new_nonce()
    locale = locale_of(request, organization.locale)
    assert member.invited_until is not None
    view = InvitationView(
        form_token=dashboard.guard.token(guard, invitation_digest(token).hex()),
        organization=organization.name,
        color=organization.color,
        logo_url=organization.logo_url,
        name=member.name if name is None else name[:NAME_CHARS_MAX],
        email=member.email,
        role=member.role,
        until=format_moment(member.invited_until, locale, zone=organization.timezone),
        is_new=invited.is_new,
        flaw=told,
        seconds=limited.retry_after_seconds if limited else 0,
    )
    return page(
        request,
        render_invitation(view, locale=locale, nonce=nonce, path=INVITATION_PATH),
        nonce=nonce,
        secure=dashboard.secure,
        status=_STATUS.get(told, 400) if told else 200,
        guard=guard,
        headers=headers_for(limited) if limited else None,
    )


def _ended(request: HttpRequest, dashboard: Dashboard, ended: InvitationEnded) -> ASGIResponse:
    nonce = new_nonce()
    body = render_invitation_ended(ended.reason, locale=locale_of(request), nonce=nonce, path=INVITATION_PATH)
    status = _UNKNOWN if ended.reason == "unknown" else _GONE
    return page(request, body, nonce=nonce, secure=dashboard.secure, status=status)


HANDLERS: Final[list[Any]] = [show_invitation, send_invitation]
