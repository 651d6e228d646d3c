"""The page that stands for Wave's app: pay, fail in some way, or walk away. A GET changes nothing."""

import re
from pathlib import Path
from typing import Any, cast, get_args

from litestar import Response, get, post

from deploy.simulators.control.access import HttpRequest
from deploy.simulators.pages.rendering import Pages, form_of, see_other, stylesheet
from deploy.simulators.wave.problems import WaveError
from deploy.simulators.wave.records import PaymentFailure, Session
from deploy.simulators.wave.routes.api import provider_of

PAGES = Pages(Path(__file__).parent.parent / "templates", note="Simulated Wave: no real money moves.")
FAILURES = frozenset(get_args(PaymentFailure))
MOBILE_DEFAULT = "+221770000000"
_SEPARATORS = re.compile(r"[\s()-]")


@get("/c/{session_id:str}")
async def show_page(request: HttpRequest, session_id: str) -> Response[Any]:
    session = _session(request, session_id)
    if session is None:
        return PAGES.not_found()
    return _over(session) or _pay_page(request, session)


@post("/c/{session_id:str}")
async def decide(request: HttpRequest, session_id: str) -> Response[Any]:
    session = _session(request, session_id)
    if session is None:
        return PAGES.not_found()
    form = await form_of(request)
    decision = form.get("decision", "")
    if over := _over(session):
        return over if session.payment_status != "succeeded" else see_other(session.success_url)
    mobile = _SEPARATORS.sub("", form.get("mobile", MOBILE_DEFAULT))
    provider = provider_of(request)
    if decision == "pay" and session.restrict_payer_mobile not in {None, mobile}:
        decision = "payer-mobile-mismatch"
    if decision == "pay":
        return see_other(provider.pay(session).success_url)
    if decision in FAILURES:
        return see_other(provider.fail(session, cast("PaymentFailure", decision)).error_url)
    return see_other(session.error_url)


def _session(request: HttpRequest, session_id: str) -> Session | None:
    try:
        return provider_of(request).session(session_id)
    except WaveError:
        return None


def _pay_page(request: HttpRequest, session: Session) -> Response[str]:
    business = provider_of(request).business(session.business)
    return PAGES.page(
        "pay.html",
        leads_to=[session.success_url, session.error_url],
        name=business.name if business else "",
        amount=f"{int(session.amount):,} {session.currency}",
        mobile=session.restrict_payer_mobile or MOBILE_DEFAULT,
        failure=session.failure,
    )


def _over(session: Session) -> Response[Any] | None:
    if session.checkout_status == "open":
        return None
    if session.payment_status == "succeeded":
        lead = f"{session.amount} {session.currency}"
        return PAGES.page("message.html", title="Payment received", lead=lead, back=session.success_url)
    if session.checkout_status == "complete":
        lead = "You may close this page."
        return PAGES.page("message.html", title="Payment in progress", lead=lead, back=session.success_url)
    lead = "No money was taken. Go back to the shop to try again."
    return PAGES.page("message.html", title="This page has expired", lead=lead, back=session.error_url)


PAGE_ROUTES = [show_page, decide, stylesheet]
