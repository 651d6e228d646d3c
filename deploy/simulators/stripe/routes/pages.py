"""The page that Stripe hosts for a buyer. A GET changes nothing."""

from pathlib import Path
from typing import Any

from litestar import Response, get, post

from deploy.simulators.control.access import HttpRequest
from deploy.simulators.pages.card_form import CardForm, read_card_form
from deploy.simulators.pages.rendering import Pages, form_of, see_other, stylesheet
from deploy.simulators.stripe import money
from deploy.simulators.stripe.cards import TEST_CARDS
from deploy.simulators.stripe.problems import StripeError
from deploy.simulators.stripe.records import Session
from deploy.simulators.stripe.routes.asking import provider_of

PAGES = Pages(Path(__file__).parent.parent / "templates", note="Simulated Stripe: no real money moves.")
MESSAGES = {
    "number_missing": "Enter your card number.",
    "number_invalid": "Check the card number. It does not look right.",
    "number_not_test": "This is a simulator. Use a test card, such as 4242 4242 4242 4242.",
    "expiry_missing": "Enter the expiry date.",
    "expiry_invalid": "Enter the date as MM / YY, as on the card.",
    "expiry_past": "This card has expired. Use another card.",
    "cvc_missing": "Enter the security code.",
    "cvc_invalid": "Check the security code. It is on the back of the card.",
    "cvc_invalid_4": "Check the security code. It is the 4 digits on the front.",
}


@get("/c/pay/{session_id:str}")
async def show_page(request: HttpRequest, session_id: str) -> Response[Any]:
    session = _session(request, session_id)
    if session is None:
        return PAGES.not_found()
    return _elsewhere(session) or _card_page(session, {}, "")


@post("/c/pay/{session_id:str}")
async def pay(request: HttpRequest, session_id: str) -> Response[Any]:
    session = _session(request, session_id)
    if session is None:
        return PAGES.not_found()
    if session.status != "open" or session.three_ds:
        return _onward(session)
    provider = provider_of(request)
    form = read_card_form(await form_of(request), now_ms=provider.now_ms())
    card = TEST_CARDS.get(form.card.number) if form.card else None
    if form.card is None or card is None:
        return _card_page(session, _messages(form), form.expiry)
    session = provider.pay(session, card, last4=form.card.number[-4:])
    return _onward(session)


@get("/c/authenticate/{session_id:str}")
async def show_three_ds(request: HttpRequest, session_id: str) -> Response[Any]:
    session = _session(request, session_id)
    if session is None:
        return PAGES.not_found()
    if not session.three_ds:
        return see_other(f"/c/pay/{session.id}")
    return PAGES.page("three_ds.html", leads_to=[session.success_url], amount=_amount(session), session=session)


@post("/c/authenticate/{session_id:str}")
async def decide_three_ds(request: HttpRequest, session_id: str) -> Response[Any]:
    session = _session(request, session_id)
    if session is None:
        return PAGES.not_found()
    decision = (await form_of(request)).get("decision")
    if session.three_ds and decision in {"approve", "decline"}:
        session = provider_of(request).authenticate(session, approved=decision == "approve")
    return _onward(session)


def _session(request: HttpRequest, session_id: str) -> Session | None:
    try:
        return provider_of(request).session(session_id)
    except StripeError:
        return None


def _messages(form: CardForm) -> dict[str, str]:
    errors = form.errors or {"number": "number_not_test"}
    return {field: MESSAGES[error] for field, error in errors.items()}


def _card_page(session: Session, errors: dict[str, str], expiry: str) -> Response[str]:
    failure = session.intent.error if session.intent else None
    refusal = failure.message if failure and not errors else None
    return PAGES.page(
        "pay.html",
        status=422 if errors else 200,
        leads_to=[session.success_url],
        session=session,
        amount=_amount(session),
        errors=errors,
        refusal=refusal,
        expiry=expiry,
    )


def _amount(session: Session) -> str:
    return money.shown(session.amount, session.currency)


def _elsewhere(session: Session) -> Response[Any] | None:
    """Where a GET belongs that does not ask for the card page of an open session."""
    if session.three_ds:
        return see_other(f"/c/authenticate/{session.id}")
    if session.status == "complete":
        paid = session.payment_status == "paid"
        title = "Payment received" if paid else "Payment in progress"
        return PAGES.page("message.html", title=title, lead=_amount(session), back=_success_url(session))
    if session.status == "expired":
        lead = "No money was taken. Go back to the shop to try again."
        return PAGES.page("message.html", title="This page has expired", lead=lead, back=session.cancel_url)
    return None


def _onward(session: Session) -> Response[Any]:
    if session.three_ds:
        return see_other(f"/c/authenticate/{session.id}")
    return see_other(_success_url(session) if session.status == "complete" else f"/c/pay/{session.id}")


def _success_url(session: Session) -> str:
    return session.success_url.replace("{CHECKOUT_SESSION_ID}", session.id)


PAGE_ROUTES = [show_page, pay, show_three_ds, decide_three_ds, stylesheet]
