"""`/checkout/{slug}`: the page of a link, and what its form posts. Looking never holds, counts or creates."""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from services.checkout.domain.charge import Redirect
from services.checkout.domain.faults import CouponRefused, LinkNotFound, MethodUnavailable, PromptActive, SessionEnded
from services.checkout.domain.pricing import currencies_of, in_currency, listed_total
from services.checkout.domain.refusal import may_be_all_held
from services.checkout.domain.session import SessionState
from services.checkout.use_cases.checkout import Checkout
from services.checkout.use_cases.open_session import Idempotency
from services.checkout.use_cases.view_link import is_former, key_of, require_free, require_payable
from services.checkout.web import page_forms as forms
from services.checkout.web.bill_view import coupon_of
from services.checkout.web.page_answers import HttpRequest, Pages, currency_asked, locale_of, wish_of
from services.checkout.web.page_gate import GatePage, gate_token
from services.checkout.web.page_link_views import checkout_view, link_path
from services.checkout.web.page_recent import has_recent, recent_payment
from services.checkout.web.page_session_views import session_path
from services.checkout.web.render import render_checkout
from services.checkout.web.views import CardField, Coupon, ErrorCode, FieldError, RecentPayment
from shared.contracts.links import CouponRefusal, LinkView, Method
from shared.kernel.faults import Fault, Invalid, Unavailable
from shared.web.security import new_nonce
from shared.web.slots import PreparedPage

UNPROCESSABLE: Final = 422
_COUPON_ERRORS: Final[dict[CouponRefusal, ErrorCode]] = {
    "unknown": "coupon_unknown",
    "expired": "coupon_expired",
    "used_up": "coupon_used_up",
    "other_currency": "coupon_other_currency",
    "not_allowed": "coupon_not_allowed",
    "leaves_nothing": "coupon_leaves_nothing",
}


def routes(checkout: Checkout, pages: Pages) -> list[Any]:
    page = LinkPage(checkout, pages)

    @get("/checkout/{slug:str}", include_in_schema=False)
    async def show_link(request: HttpRequest, slug: str) -> ASGIResponse:
        return await page.show(request, slug)

    @post("/checkout/{slug:str}", include_in_schema=False, request_max_body_size=forms.FORM_BYTES_MAX)
    async def pay_link(request: HttpRequest, slug: str) -> ASGIResponse:
        return await page.pay(request, slug)

    return [show_link, pay_link]


class LinkPage:
    def __init__(self, checkout: Checkout, pages: Pages) -> None:
        self._checkout = checkout
        self._pages = pages
        self._gate = GatePage(checkout, pages)

    async def show(
        self, request: HttpRequest, where: str | UUID, *, fits: Callable[[LinkView], bool] | None = None
    ) -> ASGIResponse:
        """Raises: LinkNotFound: there is none, or it is not one that `fits` the address."""
        checkout, wish = self._checkout, wish_of(request)
        paid_before = has_recent(request)
        key = key_of(where)
        wanted = f"{wish or ''}{currency_asked(request) or ''}"
        prepared: PreparedPage | None = None if paid_before or fits else checkout.pages.get(key, wanted)
        if prepared is not None:
            return self._filled(request, prepared)
        now = checkout.clock()
        link = await checkout.view_link(where, now)
        if fits is not None and not fits(link):
            raise LinkNotFound
        fresh = await checkout.view_link.shown(link, now)
        link = fresh.link
        require_payable(link, now)
        recent = await recent_payment(checkout, request, link, now=now) if paid_before else None
        if is_former(where, link) and recent is None:
            # Whoever has just paid here is told so here: the cookie that knows it goes to this address alone.
            return self._pages.redirect(_with_query(request, link_path(link)))
        if (gate := await self._gate.before(request, link, now, status=200)) is not None:
            return gate
        if recent is not None and recent.paid_at is None and may_be_all_held(link):
            # Nobody else is in the way: this buyer holds a use, and goes on where it is paid.
            return self._pages.redirect(recent.url)
        require_free(fresh, now)
        methods = await checkout.routing.payable_methods(link)
        locale = locale_of(request, link.merchant.locale)
        currency = _sold_in(link, currency_asked(request))
        card = await self.card(link, methods, locale, currency=currency)
        view = checkout_view(link, methods, card=card, recent=recent, currency=currency)
        prepared = PreparedPage(render_checkout(view, locale=locale))
        if recent is None and fits is None and not link.gate_otp:
            checkout.pages.put(key, link.id, prepared, variant=f"{wish or ''}{currency or ''}")
        return self._filled(request, prepared)

    def _filled(self, request: HttpRequest, prepared: PreparedPage) -> ASGIResponse:
        nonce = new_nonce()
        return self._pages.answer(request, prepared.fill(nonce, attempt=new_nonce()), nonce=nonce)

    async def pay(self, request: HttpRequest, slug: str) -> ASGIResponse:
        checkout, now = self._checkout, self._checkout.clock()
        posted = forms.read_form(await request.body())
        link = await checkout.view_link.dated(await checkout.view_link(slug, now), now)
        require_payable(link, now)
        if (gate := await self._gate.before(request, link, now, status=403)) is not None:
            return gate
        methods = await checkout.routing.payable_methods(link)
        form = forms.checkout_form(link, methods, posted)
        idempotency = forms.idempotency_of(slug, posted)
        recent = await self._recent(request, slug, link, idempotency=idempotency) if has_recent(request) else None
        errors = form.errors
        if "apply" in posted:
            # The coupon alone is asked for: what is missing elsewhere is no error yet.
            errors = tuple(error for error in errors if error.field == "coupon")
            return await self._again(request, link, methods, posted=posted, errors=errors, recent=recent)
        if recent is not None and posted.get("pay_again") != "on":
            errors = (_unconfirmed(recent), *errors)
        if errors or form.means is None:
            return await self._again(request, link, methods, posted=posted, errors=errors, recent=recent)
        details = forms.with_locale(form.details, locale_of(request, link.merchant.locale))
        details = msgspec.structs.replace(details, gate_token=gate_token(request))
        customer, client_ip = details.customer, request.scope["state"]["client_ip"]
        checkout.limit_addresses(customer.email, customer.phone, posted.get("mobile_phone"), client_ip=client_ip)
        try:
            with checkout.limit_addresses.guessing(details.coupon_code, client_ip=client_ip):
                opened = await checkout.open_session(slug, details, now=now, idempotency=idempotency)
            started = await checkout.start_charge(opened.session.id, form.means, client_ip=client_ip)
        except Fault as fault:
            error = error_of(fault)
            if error is None:
                raise
            if error.code == "price_changed":
                link = (await checkout.view_link.fresh(slug, now)).link
            if isinstance(fault, SessionEnded):
                # The same attempt would find the same session again.
                posted = {**posted, "attempt": new_nonce()}
            return await self._again(request, link, methods, posted=posted, errors=(error,), recent=recent)
        return to_session(self._pages, started.state)

    async def card(
        self, link: LinkView, methods: tuple[Method, ...], locale: str, *, currency: str | None = None
    ) -> CardField:
        """Without the provider there is no card field; the form still offers the provider's own page."""
        if "card" not in methods:
            return CardField()
        try:
            account = await self._checkout.routing.card_account(link, currency)
        except Unavailable:
            return CardField()
        if account is None:
            return CardField()
        url = self._checkout.providers.sandbox.card_field_url(account)
        return CardField(f"{url}&parent={self._checkout.public_url}&locale={locale}")

    async def _again(
        self,
        request: HttpRequest,
        link: LinkView,
        methods: tuple[Method, ...],
        *,
        posted: forms.Posted,
        errors: tuple[FieldError, ...],
        recent: RecentPayment | None,
    ) -> ASGIResponse:
        locale, nonce = locale_of(request, link.merchant.locale), new_nonce()
        currency = _sold_in(link, posted.get("currency"))
        coupon, refused = await self._coupon(request, link, posted, currency=currency)
        if refused is not None and all(error.field != "coupon" for error in errors):
            errors = (*errors, refused)
        view = checkout_view(
            link,
            methods,
            card=await self.card(link, methods, locale, currency=currency),
            values=forms.shown_again(posted),
            errors=errors,
            attempt=forms.attempt_of(posted) or new_nonce(),
            recent=recent,
            currency=currency,
            coupon=coupon,
            coupon_asked="apply" in posted,
        )
        body = render_checkout(view, locale=locale, nonce=nonce)
        return self._pages.answer(request, body, nonce=nonce, status=UNPROCESSABLE if errors else 200)

    async def _coupon(
        self, request: HttpRequest, link: LinkView, posted: forms.Posted, *, currency: str | None
    ) -> tuple[Coupon | None, FieldError | None]:
        """What the posted code takes off, or why it takes nothing off."""
        wrong: list[FieldError] = []
        code = forms.coupon_code_of(link, posted, wrong)
        if code is None:
            return None, wrong[0] if wrong else None
        client_ip = request.scope["state"]["client_ip"]
        subtotal = listed_total(in_currency(link.pricing, currency))
        try:
            with self._checkout.limit_addresses.guessing(code, client_ip=client_ip):
                return coupon_of(await self._checkout.find_coupon(link, code, subtotal=subtotal)), None
        except CouponRefused as fault:
            return None, error_of(fault)
        except Unavailable:
            return None, _form("provider_unavailable")

    async def _recent(
        self, request: HttpRequest, slug: str, link: LinkView, *, idempotency: Idempotency | None
    ) -> RecentPayment | None:
        checkout = self._checkout
        own = await checkout.open_session.opened_before(slug, idempotency) if idempotency else None
        return await recent_payment(checkout, request, link, now=checkout.clock(), own=own)


def _with_query(request: HttpRequest, path: str) -> str:
    query = request.scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def _sold_in(link: LinkView, currency: str | None) -> str | None:
    return currency if currency in currencies_of(link.pricing) else None


def to_session(pages: Pages, state: SessionState) -> ASGIResponse:
    """On to the provider's page where the buyer is wanted there, else to the page of the session."""
    session, charge = state.session, state.charge
    url = session_path(session)
    if charge is not None and charge.status == "pending" and isinstance(charge.next_action, Redirect):
        url = charge.next_action.url
    return pages.redirect(url, pages.session_cookie(session.id), pages.paid_cookie(session))


def error_of(fault: Fault) -> FieldError | None:
    """What the form says about a refusal that the buyer can do something about; None: it has a page of its own."""
    match fault:
        case Invalid() | PromptActive():
            return _invalid(str(fault.values["field"]), fault.code)
        case CouponRefused(reason=reason):
            return FieldError("coupon", _COUPON_ERRORS[reason])
        case MethodUnavailable():
            return _form("method_unavailable")
        case SessionEnded():
            return _form("try_again")
        case Unavailable():
            return _form("provider_unavailable")
        case _:
            return None


def _invalid(field: str, code: str) -> FieldError:
    if code == PromptActive.code:
        return FieldError("mobile_phone", "prompt_active")
    if field == "phone":
        return FieldError("mobile_phone", "phone_invalid")
    if field == "card_token":
        return FieldError("card", "card_invalid")
    if field == "bank":
        return FieldError("bank", "choice_invalid")
    if field.startswith("customer."):
        return FieldError(field.removeprefix("customer."), "required")
    return _form("price_changed" if field == "seen" else "try_again")


def _unconfirmed(recent: RecentPayment) -> FieldError:
    return FieldError("pay_again", "waiting_unconfirmed" if recent.paid_at is None else "pay_again_unconfirmed")


def _form(code: ErrorCode) -> FieldError:
    return FieldError("form", code)
