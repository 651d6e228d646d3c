"""Sending pages: headers, languages, cookies."""

import re
from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.response.base import ASGIResponse

from services.checkout.domain.session import Session
from services.checkout.use_cases.checkout import Checkout
from services.checkout.web.api_sessions import TOKEN_COOKIE
from shared.runtime.http import HTML, ReadyAnswer, encoded
from shared.web.locales import LOCALE_COOKIE, LOCALE_DEFAULT, choose_locale, known_locale, wished_locale
from shared.web.security import SECURITY_HEADERS, content_security_policy
from shared.web.slots import NONCE_SLOT

HttpRequest = Request[Any, Any, Any]
PAID_COOKIE: Final = "paylinks_paid_"
"""And the session's id: payments of two tabs stand side by side, and none hides another that still waits."""
PAID_SECONDS: Final = 600
"""For so long a buyer who has seen that this link is paid is asked before paying it again."""
WAITING_SECONDS: Final = 7 * 86_400
"""And for so long one whose payment waits, or may yet succeed late: some banks take days (domain/polling)."""
LOCALE_SECONDS: Final = 365 * 86_400
RECEIPT_SECONDS: Final = 30 * 86_400
SEE_OTHER: Final = 303
_CURRENCY: Final = re.compile(r"[A-Z]{3}")


_SECURITY: Final = encoded(SECURITY_HEADERS)


def wish_of(request: HttpRequest) -> str | None:
    """The language that the buyer wants; None: the merchant's will do."""
    return wished_locale(
        _language_asked(request),
        cookies_of(request).get(LOCALE_COOKIE),
        accept_language=_header(request, b"accept-language"),
    )


def cookies_of(request: HttpRequest) -> Mapping[str, str]:
    return request.cookies if _header(request, b"cookie") else {}


def _language_asked(request: HttpRequest) -> str | None:
    # Most pages are asked for without a query: Litestar's mapping of nothing costs as much as a rendered page.
    return request.query_params.get("lang") if request.scope["query_string"] else None


def currency_asked(request: HttpRequest) -> str | None:
    """`?currency=EUR`: what the buyer would rather pay in. It need not be one that the link is sold in."""
    asked = request.query_params.get("currency") if request.scope["query_string"] else None
    return asked if asked and _CURRENCY.fullmatch(asked) else None


def _header(request: HttpRequest, name: bytes) -> str | None:
    return next((value.decode("latin-1") for key, value in request.scope["headers"] if key == name), None)


def locale_of(request: HttpRequest, default: str = LOCALE_DEFAULT) -> str:
    """`default` is the merchant's."""
    return choose_locale(wish_of(request), None, accept_language=None, default=default)


class Ready(Response[bytes]):
    """A page where Litestar takes only its own kind of answer: from exception handlers."""

    def __init__(self, answer: ASGIResponse) -> None:
        super().__init__(answer.body, status_code=answer.status_code, media_type="text/html")
        self._answer = answer

    def to_asgi_response(self, *_: Any, **__: Any) -> ASGIResponse:
        return self._answer


class Pages:
    """Makes answers out of rendered pages."""

    def __init__(self, checkout: Checkout) -> None:
        self._secure = checkout.public_url.startswith("https:")
        self._tokens = checkout.tokens
        providers = checkout.providers
        self._policy = content_security_policy(
            NONCE_SLOT, frame_origins=(providers.sandbox.url,), form_origins=providers.page_origins
        )

    def answer(
        self,
        request: HttpRequest,
        body: bytes,
        *,
        nonce: str,
        status: int = 200,
        cookies: list[Cookie] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> ASGIResponse:
        """`nonce` is the one that the page was rendered with."""
        policy = self._policy.replace(NONCE_SLOT, nonce)
        all_cookies = [*(cookies or ()), *self._language(request)]
        return ReadyAnswer(
            body,
            status=status,
            kind=HTML,
            headers=[
                *_SECURITY,
                (b"content-security-policy", policy.encode()),
                *encoded(headers or {}),
                *(cookie.to_encoded_header() for cookie in all_cookies),
            ],
        )

    def redirect(self, url: str, *cookies: Cookie) -> ASGIResponse:
        headers = {"Location": url, "Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return ASGIResponse(status_code=SEE_OTHER, headers=headers, cookies=list(cookies))

    def session_cookie(self, session_id: UUID) -> Cookie:
        """Lets this browser see and pay this one session, on the path of its page only."""
        return self._cookie(
            TOKEN_COOKIE,
            self._tokens.token(session_id),
            path=f"/checkout/sessions/{session_id}",
            seconds=RECEIPT_SECONDS,
        )

    def paid_cookie(self, session: Session) -> Cookie:
        """Lets the page of this one link tell this browser of this one payment, until it has been told of it."""
        return self._cookie(
            f"{PAID_COOKIE}{session.id}",
            self._tokens.token(session.id),
            path=f"/checkout/{session.link.slug}",
            seconds=PAID_SECONDS if session.status == "paid" else WAITING_SECONDS,
        )

    def _language(self, request: HttpRequest) -> list[Cookie]:
        """A language that was asked for is remembered; one that was guessed is not."""
        asked = known_locale(_language_asked(request))
        return [self._cookie(LOCALE_COOKIE, asked, path="/checkout", seconds=LOCALE_SECONDS)] if asked else []

    def _cookie(self, name: str, value: str, *, path: str, seconds: int) -> Cookie:
        return Cookie(
            key=name, value=value, path=path, max_age=seconds, httponly=True, secure=self._secure, samesite="lax"
        )
