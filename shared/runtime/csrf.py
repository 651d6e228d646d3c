"""What lets a member's own page, and no other, use the cookie of their sign-in.

A browser sends the cookie along by itself, so whatever changes something needs a token in a header as well: bound to
the sign-in, known to pages of ours, and never sent by a form or by another site's script.
"""

from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from shared.kernel.faults import OtherSite
from shared.runtime.member_tokens import SESSION_COOKIE
from shared.runtime.secrets import TokenMaker, derive

CSRF_HEADER: Final = "x-csrf-token"
SAFE_METHODS: Final = frozenset({"GET", "HEAD"})
COOKIES_CHARS_MAX: Final = 8_192
_SAME_SITE: Final = frozenset({"same-origin", "none"})


class CsrfGuard:
    """`public_url` is the gateway's origin."""

    def __init__(self, root_secret: bytes, public_url: str) -> None:
        self._maker = TokenMaker(derive(root_secret, "csrf"))
        parts = urlsplit(public_url)
        self._origin = f"{parts.scheme}://{parts.netloc}"

    def token(self, login_id: UUID) -> str:
        """What pages of this sign-in send in `X-CSRF-Token`."""
        return self._maker.token_for(str(login_id))

    def check(self, method: str, headers: Mapping[str, str], *, login_id: UUID) -> None:
        """`headers` have names in lower case.

        Raises:
            OtherSite: it changes something, and does not come from a page of ours.
        """
        if method in SAFE_METHODS:
            return
        token = headers.get(CSRF_HEADER, "")
        if not token.isascii() or not self._maker.belongs(token, str(login_id)):
            raise OtherSite
        require_own_page(headers, own=self._origin)


def require_own_page(headers: Mapping[str, str], *, own: str) -> None:
    """By what browsers add to whatever a page sends; programs add neither. `own` is the gateway's origin.

    Raises:
        OtherSite: a page of another site sends it.
    """
    if headers.get("sec-fetch-site", "same-origin") not in _SAME_SITE:
        raise OtherSite
    origin = headers.get("origin")
    # A browser writes Host itself, so that a page that was opened as localhost is ours, too.
    if origin is not None and origin != own and _authority(origin) != headers.get("host", ""):
        raise OtherSite


def _authority(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return None


def session_cookie(headers: Mapping[str, str]) -> str | None:
    """The token of the sign-in that a browser sends."""
    raw = headers.get("cookie", "")
    if len(raw) > COOKIES_CHARS_MAX:
        return None
    try:
        morsel = SimpleCookie(raw).get(SESSION_COOKIE)
    except CookieError:
        return None
    return morsel.value if morsel else None
