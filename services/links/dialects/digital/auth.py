"""The session of the dashboard, and what keeps other sites from using it."""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Final

from shared.kernel.faults import Fault, OtherSite

_JSON: Final = "application/json"
_COOKIES_CHARS_MAX: Final = 8_192


class NotJson(Fault):
    """A plain form of another site cannot send JSON without asking first, so nothing else is taken."""

    code = "not_json"


def token_of(headers: Mapping[bytes, bytes]) -> str | None:
    """The cookie `session`."""
    raw = headers.get(b"cookie", b"").decode("latin-1")
    if len(raw) > _COOKIES_CHARS_MAX:
        return None
    try:
        morsel = SimpleCookie(raw).get("session")
    except CookieError:
        return None
    return morsel.value if morsel else None


def check_origin(method: str, headers: Mapping[bytes, bytes], *, own: str, has_body: bool) -> None:
    """There is no CSRF token in the document: JSON only, and from our own pages where a browser says where it is from.

    Raises:
        OtherSite, NotJson.
    """
    if method == "GET":
        return
    origin = headers.get(b"origin")
    if origin is not None and origin.decode("latin-1").rstrip("/") != own:
        raise OtherSite
    if headers.get(b"sec-fetch-site", b"same-origin") not in {b"same-origin", b"none"}:
        raise OtherSite
    kind = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    if has_body and kind != _JSON:
        raise NotJson


def challenge(_: str) -> str:
    """As draft-broyer-http-cookie-auth writes it: which cookie, and the page that gives it."""
    return 'Cookie cookie-name="session", form-action="/dashboard/login"'
