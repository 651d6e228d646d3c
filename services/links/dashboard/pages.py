"""`/dashboard`: signing in and out, and who is signed in."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from litestar import Response, Router, get, post
from litestar.response.base import ASGIResponse

from services.links.dashboard.answers import (
    PATH,
    HttpRequest,
    client_of,
    form_of,
    headers_of,
    locale_of,
    page,
    redirect,
)
from services.links.dashboard.context import LOGIN, Dashboard, dashboard_of
from services.links.dashboard.guard import GUARD_COOKIE
from services.links.dashboard.invitation import HANDLERS as INVITATION
from services.links.dashboard.render import Trouble, render_home, render_sign_in, render_trouble
from services.links.dashboard.views import HomeView, SignInFlaw, SignInView
from services.links.domain.faults import SignInRefused
from services.links.domain.member import EMAIL_CHARS_MAX, PASSWORD_CHARS_MAX
from services.links.use_cases.session_tokens import SESSION_COOKIE, set_cookie
from services.links.use_cases.sign_in import sign_in, sign_out
from shared.kernel.faults import Fault, Invalid, NotFound, Unavailable
from shared.runtime.bodies import RequestTimeout
from shared.runtime.limits import RateLimited
from shared.runtime.logs import logger
from shared.runtime.problems import headers_for
from shared.web.formats import format_moment
from shared.web.security import new_nonce

_FLAW_STATUS: Final[dict[SignInFlaw, int]] = {"missing": 400, "wrong": 401, "form": 403, "limited": 429}
_TROUBLE_STATUS: Final[dict[Trouble, int]] = {"not_found": 404, "no_page": 404, "unavailable": 503, "broken": 500}
__all__ = ["Dashboard", "routes"]
_log = logger("dashboard")


@get(PATH)
async def home(request: HttpRequest) -> ASGIResponse:
    dashboard = dashboard_of(request)
    session = await dashboard.session(request)
    if session is None:
        return redirect(LOGIN)
    member, organization = session.member, session.organization
    locale, nonce = locale_of(request, organization.locale), new_nonce()
    guard = dashboard.guard.cookie(request.cookies.get(GUARD_COOKIE))
    view = HomeView(
        form_token=dashboard.guard.token(guard, str(session.login.id)),
        csrf_token=dashboard.csrf.token(session.login.id),
        name=member.name,
        email=member.email,
        role=member.role,
        organization=organization.name,
        color=organization.color,
        logo_url=organization.logo_url,
        livemode=session.login.livemode,
        signed_in_until=format_moment(session.login.expires_at, locale, zone=organization.timezone),
    )
    body = render_home(view, locale=locale, nonce=nonce, path=PATH)
    return page(request, body, nonce=nonce, secure=dashboard.secure, guard=guard)


@get(LOGIN)
async def show_sign_in(request: HttpRequest) -> ASGIResponse:
    dashboard = dashboard_of(request)
    if await dashboard.session(request) is not None:
        return redirect(PATH)
    return _form(request, dashboard)


@post(LOGIN)
async def send_sign_in(request: HttpRequest) -> ASGIResponse:
    dashboard = dashboard_of(request)
    posted, headers = await form_of(request), headers_of(request)
    email, password = posted.get("email", "").strip()[:EMAIL_CHARS_MAX], posted.get("password", "")
    cookie = request.cookies.get(GUARD_COOKIE)
    if not dashboard.guard.admits(headers, posted, cookie=cookie, session_id=""):
        return _form(request, dashboard, flaw="form", email=email)
    if not email or not password:
        return _form(request, dashboard, flaw="missing", email=email)
    ip, user_agent = client_of(request)
    try:
        signed_in = await sign_in(
            dashboard.pg,
            dashboard.door,
            email=email,
            password=password[: PASSWORD_CHARS_MAX + 1],
            kind="cookie",
            now=dashboard.clock(),
            ip=ip,
            user_agent=user_agent,
        )
    except SignInRefused:
        return _form(request, dashboard, flaw="wrong", email=email)
    except RateLimited as fault:
        return _form(request, dashboard, flaw="limited", email=email, fault=fault)
    lasts = signed_in.expires_at - signed_in.login.created_at
    return redirect(PATH, set_cookie(signed_in.token, lasts=lasts, secure=dashboard.secure))


@post(f"{PATH}/logout")
async def send_sign_out(request: HttpRequest) -> ASGIResponse:
    dashboard = dashboard_of(request)
    session = await dashboard.session(request)
    gone = redirect(LOGIN, set_cookie("", lasts=timedelta(), secure=dashboard.secure))
    if session is None:
        return gone
    posted, cookie = await form_of(request), request.cookies.get(GUARD_COOKIE)
    login_id = session.login.id
    if not dashboard.guard.admits(headers_of(request), posted, cookie=cookie, session_id=str(login_id)):
        return redirect(PATH)
    await sign_out(dashboard.pg, dashboard.door.tokens, request.cookies[SESSION_COOKIE], now=dashboard.clock())
    dashboard.sessions.forget(login_id)
    return gone


@get(f"{PATH}/{{rest:path}}")
async def no_page(request: HttpRequest) -> Response[Any]:
    return _trouble(request, "no_page")


def routes() -> list[Any]:
    handlers: dict[type[Exception] | int, Any] = {Fault: _on_fault, Exception: _on_unexpected}
    handled = [home, show_sign_in, send_sign_in, send_sign_out, no_page, *INVITATION]
    return [Router("/", route_handlers=handled, exception_handlers=handlers)]


def _form(
    request: HttpRequest,
    dashboard: Dashboard,
    *,
    flaw: SignInFlaw | None = None,
    email: str = "",
    fault: RateLimited | None = None,
) -> ASGIResponse:
    guard, nonce = dashboard.guard.cookie(request.cookies.get(GUARD_COOKIE)), new_nonce()
    view = SignInView(
        form_token=dashboard.guard.token(guard, ""),
        email=email,
        flaw=flaw,
        seconds=fault.retry_after_seconds if fault else 0,
    )
    return page(
        request,
        render_sign_in(view, locale=locale_of(request), nonce=nonce, path=LOGIN),
        nonce=nonce,
        secure=dashboard.secure,
        status=_FLAW_STATUS[flaw] if flaw else 200,
        guard=guard,
        headers=headers_for(fault) if fault else None,
    )


def _on_fault(request: HttpRequest, fault: Fault) -> Response[Any]:
    if not isinstance(fault, (Invalid, NotFound, Unavailable, RateLimited, RequestTimeout)):
        _log.error("dashboard.refused", code=fault.code)
    if isinstance(fault, RequestTimeout):
        return _trouble(request, "unavailable", status=408, headers=headers_for(fault))
    return _trouble(request, "not_found" if isinstance(fault, (Invalid, NotFound)) else "unavailable")


def _on_unexpected(request: HttpRequest, error: Exception) -> Response[Any]:
    _log.error("dashboard.failed", path=request.url.path, exc_info=error)
    return _trouble(request, "broken")


class _Ready(Response[bytes]):
    """A page where Litestar takes only its own kind of answer: from exception handlers."""

    def __init__(self, answer: ASGIResponse) -> None:
        super().__init__(answer.body, status_code=answer.status_code, media_type="text/html")
        self._answer = answer

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        return self._answer


def _trouble(
    request: HttpRequest, trouble: Trouble, *, status: int | None = None, headers: Mapping[str, str] | None = None
) -> Response[Any]:
    nonce = new_nonce()
    body = render_trouble(
        trouble,
        locale=locale_of(request),
        nonce=nonce,
        path=request.url.path,
        request_id=request.scope.get("state", {}).get("request_id"),
    )
    return _Ready(
        page(
            request,
            body,
            nonce=nonce,
            secure=dashboard_of(request).secure,
            status=status or _TROUBLE_STATUS[trouble],
            headers=headers,
        )
    )
