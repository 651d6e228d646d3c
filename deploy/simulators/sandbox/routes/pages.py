"""The pages a buyer is sent to: the hosted card page and 3-D Secure. Plain HTML; they need no script.

A GET changes nothing. Whoever knows a payment's id may act on its page, as with any provider: it has 112 random bits.
"""

from typing import Any
from urllib.parse import parse_qs

import msgspec
from litestar import Response, get, post

from deploy.simulators.pages.card_form import CardForm, read_card_form
from deploy.simulators.pages.cards import BRANDS
from deploy.simulators.pages.currencies import format_amount
from deploy.simulators.sandbox.problems import ApiError
from deploy.simulators.sandbox.records import Payment
from deploy.simulators.sandbox.routes.access import HttpRequest, provider_of
from deploy.simulators.sandbox.routes.rendering import asset, locale_of, not_found_page, origin_of, page
from deploy.simulators.sandbox.texts import TEXTS, Locale

BRAND_NAMES = {rule.brand: rule.name for rule in BRANDS}
FIELDS_MAX = 10


@get("/pay/{payment_id:str}")
async def show_card_page(request: HttpRequest, payment_id: str) -> Response[Any]:
    if (payment := provider_of(request).store.payment(payment_id)) is None:
        return not_found_page(request)
    return _elsewhere(request, payment) or _card_page(request, payment, CardForm())


@post("/pay/{payment_id:str}")
async def pay(request: HttpRequest, payment_id: str) -> Response[Any]:
    provider = provider_of(request)
    if (payment := provider.store.payment(payment_id)) is None:
        return not_found_page(request)
    if payment.stage != "card":
        return _onward(request, payment)
    form = read_card_form(await _form(request), now_ms=provider.now_ms())
    if form.card is None:
        return _card_page(request, payment, form)
    try:
        card = provider.test_card(form.card)
    except ApiError:
        return _card_page(request, payment, msgspec.structs.replace(form, errors={"number": "number_not_test"}))
    return _onward(request, provider.pay_with_card(payment, card))


@get("/3ds/{payment_id:str}")
async def show_three_ds(request: HttpRequest, payment_id: str) -> Response[Any]:
    if (payment := provider_of(request).store.payment(payment_id)) is None:
        return not_found_page(request)
    if payment.stage != "3ds":
        return _elsewhere(request, payment) or _redirect(_local(request, f"/pay/{payment.id}"))
    locale = locale_of(request)
    return page("three_ds.html", locale, csp=_leads_to(payment), **_about(request, payment, locale))


@post("/3ds/{payment_id:str}")
async def decide_three_ds(request: HttpRequest, payment_id: str) -> Response[Any]:
    provider = provider_of(request)
    if (payment := provider.store.payment(payment_id)) is None:
        return not_found_page(request)
    decision = (await _form(request)).get("decision")
    if payment.stage == "3ds" and decision == "approve":
        payment = provider.decide(payment, "succeeded", failure_code=None)
    elif payment.stage == "3ds" and decision == "decline":
        payment = provider.decide(payment, "failed", failure_code="authentication_failed")
    return _onward(request, payment)


async def _form(request: HttpRequest) -> dict[str, str]:
    """The last value of each field; empty where the body is not a form."""
    try:
        fields = parse_qs((await request.body()).decode(), max_num_fields=FIELDS_MAX, strict_parsing=False)
    except ValueError:
        return {}
    return {name: values[-1] for name, values in fields.items()}


def _card_page(request: HttpRequest, payment: Payment, form: CardForm) -> Response[str]:
    locale = locale_of(request)
    return page(
        "card.html",
        locale,
        status=422 if form.errors else 200,
        csp=_leads_to(payment),
        form=form,
        **_about(request, payment, locale),
    )


def _about(request: HttpRequest, payment: Payment, locale: Locale) -> dict[str, Any]:
    account = provider_of(request).account(payment.account)
    card = payment.card
    return {
        "payment": payment,
        "name": account.name if account else "",
        "amount": format_amount(payment.amount, payment.currency, locale=locale),
        "card": TEXTS[locale]["card_ending"].format(brand=BRAND_NAMES.get(card.brand, card.brand), last4=card.last4)
        if card
        else None,
    }


def _leads_to(payment: Payment) -> dict[str, str]:
    # Chromium holds the redirect that answers a form to `form-action`, too.
    origin = origin_of(payment.return_url)
    return {"form-action": f"'self' {origin}" if _is_plain(origin) else "'self'"}


def _is_plain(origin: str) -> bool:
    """Nothing in it could end the directive."""
    return bool(origin) and not set(origin) & set(" ;,'\"\\")


def _elsewhere(request: HttpRequest, payment: Payment) -> Response[Any] | None:
    """Where a GET belongs that does not ask for the card page of a payment that waits there."""
    if payment.stage == "card":
        return None
    if payment.stage == "3ds":
        return _redirect(_local(request, f"/3ds/{payment.id}"))
    locale = locale_of(request)
    outcome = payment.status if payment.final else "pending"
    about = _about(request, payment, locale)
    text = {key: TEXTS[locale][key] for key in (f"done_{outcome}", f"done_{outcome}_lead", "back")}
    back = {"url": payment.return_url, "text": text["back"].format(name=about["name"])} if payment.return_url else None
    lead = text[f"done_{outcome}_lead"].format(amount=about["amount"], name=about["name"])
    return page("message.html", locale, title=text[f"done_{outcome}"], lead=lead, back=back)


def _onward(request: HttpRequest, payment: Payment) -> Response[Any]:
    """303 to where the buyer goes next: 3-D Secure, back to the shop, or a page that says how it ended."""
    if payment.stage:
        return _redirect(_local(request, f"/{'3ds' if payment.stage == '3ds' else 'pay'}/{payment.id}"))
    return _redirect(payment.return_url or _local(request, f"/pay/{payment.id}"))


def _local(request: HttpRequest, path: str) -> str:
    """A page of our own, in the language that the address of this one asked for."""
    url = f"{provider_of(request).settings.url}{path}"
    return f"{url}?locale={locale_of(request)}" if "locale" in request.query_params else url


def _redirect(url: str) -> Response[bytes]:
    return Response(b"", status_code=303, headers={"Location": url, "Cache-Control": "no-store"})


PAGE_ROUTES = [show_card_page, pay, show_three_ds, decide_three_ds, asset]
