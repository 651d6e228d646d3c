"""Forms that only our own pages can send: a signed value bound to a cookie, and no request from another site."""

import re
from collections.abc import Mapping
from typing import Final

from shared.kernel.faults import OtherSite
from shared.runtime.csrf import require_own_page
from shared.runtime.secrets import TokenMaker, derive, random_token
from shared.web.security import origin_of

GUARD_COOKIE: Final = "paylinks_form"
FIELD: Final = "form_token"
_COOKIE_BYTES: Final = 16
_COOKIE: Final = re.compile(r"[A-Za-z0-9_-]{22}")


class FormGuard:
    """`public_url` is the gateway's origin."""

    def __init__(self, root_secret: bytes, public_url: str) -> None:
        self._maker = TokenMaker(derive(root_secret, "dashboard-forms"))
        self._origin = origin_of(public_url) or ""

    def cookie(self, present: str | None) -> str:
        """The browser's own value: the one that it has, or a new one. It goes into a header as it is."""
        return present if present and _COOKIE.fullmatch(present) else random_token(_COOKIE_BYTES)

    def token(self, cookie: str, session_id: str) -> str:
        """What a form carries. `session_id` is empty before the sign-in, so that no form outlives it."""
        return self._maker.token_for(f"{cookie}.{session_id}")

    def admits(
        self, headers: Mapping[bytes, bytes], posted: Mapping[str, str], *, cookie: str | None, session_id: str
    ) -> bool:
        token = posted.get(FIELD, "")
        if not cookie or not token.isascii() or not self._maker.belongs(token, f"{cookie}.{session_id}"):
            return False
        return self._is_ours(headers)

    def _is_ours(self, headers: Mapping[bytes, bytes]) -> bool:
        """By what browsers add to every form that is sent. Old ones add neither: for them the token alone speaks."""
        try:
            require_own_page(
                {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}, own=self._origin
            )
        except OtherSite:
            return False
        return True
