"""`/checkout/{slug}/otp`: the page before a gated link. Email, code, open: by POST, and without a script."""

import re
from datetime import datetime, timedelta
from typing import Any, Final

from litestar import post
from litestar.datastructures import Cookie
from litestar.response.base import ASGIResponse
from msgspec.structs import replace

from services.checkout.domain.faults import OtpRejected
from services.checkout.use_cases.checkout import Checkout
from services.checkout.use_cases.view_link import require_payable
from services.checkout.web import gate_view
from services.checkout.web import page_forms as forms
from services.checkout.web.gate_view import GateView, render_gate
from services.checkout.web.page_answers import HttpRequest, Pages, cookies_of, locale_of
from services.checkout.web.page_link_views import link_path, merchant_of
from shared.contracts.links import LinkView
from shared.contracts.otp import LinkToken
from shared.kernel.faults import Invalid, Unavailable
from shared.runtime.limits import RateLimited
from shared.web.security import new_nonce

GATE_COOKIE: Final = "paylinks_gate"
EMAIL_CHARS_MAX: Final = 254
_APART: Final = re.compile(r"[\s\-]+")
_CODE: Final = re.compile(r"[0-9]{6}")


def routes(checkout: Checkout, pages: Pages) -> list[Any]:
    gate_view.warm()
    gate = GatePage(checkout, pages)

    @post("/checkout/{slug:str}/otp", include_in_schema=False, request_max_body_size=forms.FORM_BYTES_MAX)
    async def prove_address(request: HttpRequest, slug: str) -> ASGIResponse:
        return await gate.prove(request, slug)

    return [prove_address]


def gate_token(request: HttpRequest) -> str | None:
    """What this browser proved before."""
    return cookies_of(request).get(GATE_COOKIE)


class GatePage:
    def __init__(self, checkout: Checkout, pages: Pages) -> None:
        self._checkout = checkout
        self._pages = pages
        self._secure = checkout.public_url.startswith("https:")

    async def before(self, request: HttpRequest, link: LinkView, now: datetime, *, status: int) -> ASGIResponse | None:
        """The gate instead of what is behind it; None: it is open for this browser. Looking sends no mail."""
        if await self._checkout.gate.opens(link, gate_token(request), now):
            return None
        return self._answer(request, link, self._view(link, now), status=status)

    async def prove(self, request: HttpRequest, slug: str) -> ASGIResponse:
        checkout, now = self._checkout, self._checkout.clock()
        posted = forms.read_form(await request.body())
        link = await checkout.view_link(slug, now)
        require_payable(link, now)
        if not link.gate_otp:
            return self._pages.redirect(link_path(link))
        email = posted.get("email", "")
        view = self._view(link, now)
        if not email or len(email) > EMAIL_CHARS_MAX:
            error = "email_invalid" if email else "required"
            return self._answer(request, link, replace(view, error=error), status=422)
        view = replace(view, email=email)
        if posted.get("step") == "code":
            return await self._exchange(request, link, replace(view, step="code"), code=posted.get("otp", ""))
        return await self._send(request, link, view)

    async def _send(self, request: HttpRequest, link: LinkView, view: GateView) -> ASGIResponse:
        client_ip, locale = request.scope["state"]["client_ip"], locale_of(request, link.merchant.locale)
        try:
            asked = await self._checkout.gate.send_code(link, view.email, client_ip=client_ip, locale=locale)
        except Invalid:
            return self._answer(request, link, replace(view, error="email_invalid"), status=422)
        except RateLimited as limited:
            # Perhaps a code is on its way already: the next step is the same.
            return self._limited(request, link, replace(view, step="code", error="wait_code"), limited=limited)
        except Unavailable:
            return self._answer(request, link, replace(view, error="unavailable"), status=503)
        return self._answer(request, link, replace(view, step="code", resend_at=asked.resend_at), status=200)

    async def _exchange(self, request: HttpRequest, link: LinkView, view: GateView, *, code: str) -> ASGIResponse:
        code = _APART.sub("", code)
        if not _CODE.fullmatch(code):
            error = "code_wrong" if code else "required"
            return self._answer(request, link, replace(view, error=error), status=422)
        try:
            proven = await self._checkout.gate.exchange(
                link, view.email, code, client_ip=request.scope["state"]["client_ip"]
            )
        except (OtpRejected, Invalid):
            return self._answer(request, link, replace(view, error="code_wrong"), status=422)
        except RateLimited as limited:
            return self._limited(request, link, replace(view, error="wait_guess"), limited=limited)
        except Unavailable:
            return self._answer(request, link, replace(view, error="unavailable"), status=503)
        return self._pages.redirect(link_path(link), self._cookie(link, proven))

    def _limited(self, request: HttpRequest, link: LinkView, view: GateView, *, limited: RateLimited) -> ASGIResponse:
        seconds = limited.retry_after_seconds
        view = replace(view, wait_until=view.now + timedelta(seconds=seconds))
        return self._answer(request, link, view, status=429, headers={"Retry-After": str(seconds)})

    def _view(self, link: LinkView, now: datetime) -> GateView:
        return GateView(
            path=link_path(link),
            merchant=merchant_of(link.merchant),
            livemode=link.livemode,
            now=now,
            time_zone=link.merchant.timezone,
        )

    def _answer(
        self,
        request: HttpRequest,
        link: LinkView,
        view: GateView,
        *,
        status: int,
        headers: dict[str, str] | None = None,
    ) -> ASGIResponse:
        nonce = new_nonce()
        body = render_gate(view, locale=locale_of(request, link.merchant.locale), nonce=nonce)
        return self._pages.answer(request, body, nonce=nonce, status=status, headers=headers)

    def _cookie(self, link: LinkView, proven: LinkToken) -> Cookie:
        """On the path of this one link, out of reach of scripts; gone when the token is."""
        seconds = int((proven.expires_at - self._checkout.clock()).total_seconds())
        return Cookie(
            key=GATE_COOKIE,
            value=proven.token,
            path=link_path(link),
            max_age=seconds,
            httponly=True,
            secure=self._secure,
            samesite="lax",
        )
