"""`/checkout/sessions/{id}`: the page of one payment, from the prompt to the receipt."""

from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.response import Stream
from litestar.response.base import ASGIResponse

from services.checkout.domain.faults import ChargeUnderWay
from services.checkout.domain.session import SessionState
from services.checkout.use_cases.checkout import Checkout
from services.checkout.web import page_forms as forms
from services.checkout.web.api_sessions import TOKEN_COOKIE
from services.checkout.web.live_stream import stream
from services.checkout.web.page_answers import HttpRequest, Pages, locale_of
from services.checkout.web.page_link import UNPROCESSABLE, LinkPage, error_of, to_session
from services.checkout.web.page_session_views import change_view, choice_view, session_path, session_view, version_of
from services.checkout.web.render import render_change, render_checkout, render_session
from services.checkout.web.views import FieldError
from shared.kernel.faults import Fault, Unavailable
from shared.web.security import new_nonce

_PRIVATE: Final = {"Cache-Control": "private, no-store"}


def routes(checkout: Checkout, pages: Pages) -> list[Any]:
    page = SessionPage(checkout, pages)

    @get("/checkout/sessions/{session_id:uuid}", include_in_schema=False)
    async def show_session(request: HttpRequest, session_id: UUID) -> ASGIResponse:
        if token := request.query_params.get("token"):
            # The token moves from the address into a cookie: addresses are logged, shared and sent as referrers.
            checkout.tokens.require(session_id, token)
            return pages.redirect(f"/checkout/sessions/{session_id}", pages.session_cookie(session_id))
        state = await page.read(request, session_id)
        return await page.show(request, state)

    @post(
        "/checkout/sessions/{session_id:uuid}",
        include_in_schema=False,
        request_max_body_size=forms.FORM_BYTES_MAX,
    )
    async def pay_session(request: HttpRequest, session_id: UUID) -> ASGIResponse:
        state = await page.read(request, session_id)
        return await page.pay(request, state)

    @get("/checkout/sessions/{session_id:uuid}/call-off", include_in_schema=False)
    async def ask_before_calling_off(request: HttpRequest, session_id: UUID) -> ASGIResponse:
        state = await page.read(request, session_id)
        return page.ask_before_calling_off(request, state)

    @post("/checkout/sessions/{session_id:uuid}/call-off", include_in_schema=False)
    async def call_off(request: HttpRequest, session_id: UUID) -> ASGIResponse:
        state = await page.read(request, session_id)
        return await page.call_off(request, state)

    @get("/checkout/sessions/{session_id:uuid}/version", include_in_schema=False)
    async def read_version(request: HttpRequest, session_id: UUID) -> Response[dict[str, str]]:
        state = await page.read(request, session_id)
        return Response({"version": version_of(state, checkout.clock())}, headers=_PRIVATE)

    @get("/checkout/sessions/{session_id:uuid}/events", include_in_schema=False)
    async def stream_versions(request: HttpRequest, session_id: UUID) -> Stream:
        state = await page.read(request, session_id)
        return stream(checkout, state, page.event_of)

    return [show_session, pay_session, ask_before_calling_off, call_off, read_version, stream_versions]


class SessionPage:
    def __init__(self, checkout: Checkout, pages: Pages) -> None:
        self._checkout = checkout
        self._pages = pages
        self._link_page = LinkPage(checkout, pages)

    async def read(self, request: HttpRequest, session_id: UUID) -> SessionState:
        """Raises: Unauthorized: this browser does not hold the session's cookie."""
        self._checkout.tokens.require(session_id, request.cookies.get(TOKEN_COOKIE))
        return await self._checkout.read_session(session_id)

    async def event_of(self, state: SessionState) -> bytes:
        body = msgspec.json.encode({"version": version_of(state, self._checkout.clock())})
        return b"data: " + body + b"\n\n"

    async def show(self, request: HttpRequest, state: SessionState) -> ASGIResponse:
        now, session = self._checkout.clock(), state.session
        status = state.status_at(now)
        if status == "open" and (state.charge is None or "choose" in request.query_params):
            return await self._choose(request, state, posted={}, errors=())
        locale, nonce = locale_of(request, session.locale), new_nonce()
        view = session_view(state, now=now, attempt=new_nonce(), sent=_has_sent(request))
        body = render_session(view, locale=locale, nonce=nonce)
        told = [self._pages.paid_cookie(session)] if status in {"paying", "paid"} else []
        return self._pages.answer(request, body, nonce=nonce, cookies=told)

    async def pay(self, request: HttpRequest, state: SessionState) -> ASGIResponse:
        """A (further) try in this session; with one under way already, it is joined."""
        checkout, session = self._checkout, state.session
        posted = forms.read_form(await request.body())
        errors: list[FieldError] = []
        methods = await checkout.routing.methods(session.link, session.total.currency)
        means = forms.means_of(methods, posted, errors)
        if state.status_at(checkout.clock()) != "open":
            return self._pages.redirect(session_path(session))
        if means is None or errors:
            return await self._choose(request, state, posted=posted, errors=tuple(errors))
        client_ip = request.scope["state"]["client_ip"]
        checkout.limit_addresses(posted.get("mobile_phone"), client_ip=client_ip)
        try:
            started = await checkout.start_charge(session.id, means, client_ip=client_ip)
        except Fault as fault:
            error = error_of(fault)
            if error is None:
                raise
            return await self._choose(request, state, posted=posted, errors=(error,))
        return to_session(self._pages, started.state)

    def ask_before_calling_off(
        self, request: HttpRequest, state: SessionState, *, error: FieldError | None = None
    ) -> ASGIResponse:
        """By a page of its own: the one that waits refreshes itself, and must not do so under the buyer's hands."""
        session = state.session
        if state.status_at(self._checkout.clock()) != "paying":
            return self._pages.redirect(session_path(session))
        locale, nonce = locale_of(request, session.locale), new_nonce()
        body = render_change(change_view(state, error=error), locale=locale, nonce=nonce)
        status = 200 if error is None else UNPROCESSABLE
        return self._pages.answer(request, body, nonce=nonce, status=status, headers=_PRIVATE)

    async def call_off(self, request: HttpRequest, state: SessionState) -> ASGIResponse:
        """Then the form again, or the receipt when the payer was faster."""
        try:
            state = await self._checkout.call_off(state.session.id)
        except (ChargeUnderWay, Unavailable):
            return self.ask_before_calling_off(request, state, error=FieldError("form", "charge_under_way"))
        path = session_path(state.session)
        again = state.status_at(self._checkout.clock()) == "open"
        return self._pages.redirect(f"{path}?choose=1" if again else path)

    async def _choose(
        self, request: HttpRequest, state: SessionState, *, posted: forms.Posted, errors: tuple[FieldError, ...]
    ) -> ASGIResponse:
        session, checkout = state.session, self._checkout
        methods = await checkout.routing.payable_methods(session.link, session.total.currency)
        locale, nonce = locale_of(request, session.locale), new_nonce()
        known = {"mobile_phone": session.customer.phone} if session.customer.phone else {}
        view = choice_view(
            session,
            methods,
            card=await self._link_page.card(session.link, methods, locale, currency=session.total.currency),
            values=forms.shown_again(posted) if posted else known,
            errors=errors,
            attempt=forms.attempt_of(posted) or new_nonce(),
        )
        body = render_checkout(view, locale=locale, nonce=nonce)
        return self._pages.answer(request, body, nonce=nonce, status=UNPROCESSABLE if errors else 200)


def _has_sent(request: HttpRequest) -> bool:
    """Whether the buyer has done their part, as they or the provider's page say."""
    # Flutterwave has one address for all who come back, and adds this for those who gave up.
    return "sent" in request.query_params and request.query_params.get("status") != "cancelled"
