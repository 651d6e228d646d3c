"""Reading what a browser sends, and answering with pages: headers, cookies, languages."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Request
from litestar.response.base import ASGIResponse

from services.links.dashboard.guard import GUARD_COOKIE
from shared.kernel.faults import Invalid
from shared.web.locales import LOCALE_COOKIE, LOCALE_DEFAULT, choose_locale, known_locale
from shared.web.security import SECURITY_HEADERS, content_security_policy

HttpRequest = Request[Any, Any, Any]
PATH: Final = "/dashboard"
FORM_BYTES_MAX: Final = 8 * 1024
FIELDS_MAX: Final = 10
SEE_OTHER: Final = 303
_LOCALE_LASTS: Final = timedelta(days=365)


def headers_of(request: HttpRequest) -> dict[bytes, bytes]:
    return dict(request.scope["headers"])


def client_of(request: HttpRequest) -> tuple[str, str]:
    """Where a sign-in comes from: the address, and what the browser calls itself."""
    agent = headers_of(request).get(b"user-agent", b"").decode("latin-1")
    return request.scope.get("state", {}).get("client_ip", "unknown"), agent


async def form_of(request: HttpRequest) -> dict[str, str]:
    """The posted fields; the first of those that stand twice.

    Raises:
        Invalid: not a form of ours.
    """
    raw = await request.body()
    if len(raw) > FORM_BYTES_MAX:
        raise Invalid("", "the form is too large")
    try:
        pairs = parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX, errors="strict")
    except ValueError:
        raise Invalid("", "the form cannot be read") from None
    posted: dict[str, str] = {}
    for name, value in pairs:
        posted.setdefault(name, value)
    return posted


def locale_of(request: HttpRequest, default: str = LOCALE_DEFAULT) -> str:
    """`default` is the organization's."""
    return choose_locale(
        request.query_params.get("lang"),
        request.cookies.get(LOCALE_COOKIE),
        accept_language=request.headers.get("accept-language"),
        default=default,
    )


def page(
    request: HttpRequest,
    body: bytes,
    *,
    nonce: str,
    secure: bool,
    status: int = 200,
    guard: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> ASGIResponse:
    """`nonce` is the one that the page was rendered with; `guard` the value that its forms are bound to."""
    cookies = [] if guard is None else [cookie(GUARD_COOKIE, guard, secure=secure, same_site="Strict")]
    asked = known_locale(request.query_params.get("lang"))
    if asked:
        cookies.append(cookie(LOCALE_COOKIE, asked, secure=secure, lasts=_LOCALE_LASTS))
    policy = {"Content-Security-Policy": content_security_policy(nonce)}
    sent = [*(SECURITY_HEADERS | policy | dict(headers or {})).items(), *(("set-cookie", each) for each in cookies)]
    return ASGIResponse(body=body, media_type="text/html", status_code=status, headers=sent)


def redirect(url: str, *cookies: str) -> ASGIResponse:
    headers = [("location", url), ("cache-control", "no-store"), *(("set-cookie", each) for each in cookies)]
    return ASGIResponse(status_code=SEE_OTHER, headers=headers)


def cookie(
    name: str,
    value: str,
    *,
    secure: bool,
    path: str = PATH,
    same_site: str = "Lax",
    lasts: timedelta | None = None,
) -> str:
    """Until the browser ends, unless `lasts` says how long; no time at all makes it forgotten."""
    age = "" if lasts is None else f"; Max-Age={int(lasts.total_seconds())}"
    return f"{name}={value}; Path={path}{age}; HttpOnly; SameSite={same_site}{'; Secure' if secure else ''}"
