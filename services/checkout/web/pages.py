"""Every page of checkout, and what its refusals look like to a person."""

from collections.abc import Callable
from typing import Any, Final

from litestar import Response, Router
from litestar.exceptions import HTTPException
from litestar.response.base import ASGIResponse

from services.checkout.domain.faults import EveryUseHeld, LinkRefused, OtpRequired, ProviderNotConnected
from services.checkout.use_cases.checkout import Checkout
from services.checkout.web import page_dialects, page_gate, page_link, page_session
from services.checkout.web.page_answers import HttpRequest, Pages, Ready, locale_of
from services.checkout.web.page_link_views import merchant_of, refusal_view
from services.checkout.web.render import render_held, render_no_provider, render_problem, render_refusal, warm
from services.checkout.web.views import HeldView, NoProviderView, ProblemView
from shared.kernel.faults import Fault, Invalid, NotFound, Unauthorized, Unavailable
from shared.runtime import problems
from shared.runtime.bodies import RequestTimeout
from shared.runtime.limits import RateLimited
from shared.runtime.logs import logger
from shared.runtime.problems import headers_for
from shared.web.security import new_nonce

_log = logger("pages")
_STATUS: Final = {
    "bad_request": 400,
    "not_found": 404,
    "forbidden": 403,
    "rate_limited": 429,
    "unavailable": 503,
    "broken": 500,
}
_UNREADABLE: Final = frozenset({400, 413})


def routes(checkout: Checkout) -> list[Any]:
    warm()
    pages, refusals = Pages(checkout), RefusalPages(checkout)
    handlers: dict[type[Exception] | int, Any] = {
        LinkRefused: _plain(refusals.on_refused),
        EveryUseHeld: _plain(refusals.on_held),
        ProviderNotConnected: _plain(refusals.on_no_provider),
        Fault: _plain(refusals.on_fault),
        HTTPException: _plain(refusals.on_http_exception),
        Exception: _plain(refusals.on_unexpected),
    }
    return [
        Router(
            "/",
            route_handlers=[
                *page_link.routes(checkout, pages),
                *page_dialects.routes(checkout, pages),
                *page_gate.routes(checkout, pages),
                *page_session.routes(checkout, pages),
            ],
            exception_handlers=handlers,
        )
    ]


def missing(checkout: Checkout) -> dict[type[Exception] | int, Any]:
    """What the whole service answers where it has no route: a page to people who look for one, else a problem."""
    refusals = RefusalPages(checkout)

    def handle(request: HttpRequest, error: HTTPException) -> Response[bytes]:
        wants_page = "text/html" in request.headers.get("accept", "")
        if wants_page and request.url.path.startswith(("/checkout", *page_dialects.PREFIXES)):
            return Ready(refusals.on_http_exception(request, error))
        return problems.on_http_exception(request, error)

    return {HTTPException: handle}


def _plain(method: Callable[[HttpRequest, Any], ASGIResponse]) -> Callable[[HttpRequest, Any], Ready]:
    """A function: Litestar copies handlers deeply, and a bound method would take all that it holds along."""

    def handle(request: HttpRequest, error: Any) -> Ready:
        return Ready(method(request, error))

    return handle


class RefusalPages:
    """Each refusal says why, since when, and what to do; the status is the one that the API gives."""

    def __init__(self, checkout: Checkout) -> None:
        self._checkout = checkout
        self._pages = Pages(checkout)

    def on_refused(self, request: HttpRequest, fault: LinkRefused) -> ASGIResponse:
        link = fault.link
        view = refusal_view(link, reason=fault.reason, since=fault.since, starts_at=fault.starts_at)
        nonce = new_nonce()
        body = render_refusal(view, locale=locale_of(request, link.merchant.locale), nonce=nonce)
        return self._pages.answer(request, body, nonce=nonce, status=410)

    def on_held(self, request: HttpRequest, fault: EveryUseHeld) -> ASGIResponse:
        link = fault.link
        now, nonce = self._checkout.clock(), new_nonce()
        view = HeldView(
            path=request.url.path,
            livemode=link.livemode,
            merchant=merchant_of(link.merchant),
            title=link.title,
            now=now,
            retry_at=fault.retry_at,
            time_zone=link.merchant.timezone,
        )
        body = render_held(view, locale=locale_of(request, link.merchant.locale), nonce=nonce)
        seconds = max(1, int((fault.retry_at - now).total_seconds()) + 1)
        return self._pages.answer(request, body, nonce=nonce, status=409, headers={"Retry-After": str(seconds)})

    def on_no_provider(self, request: HttpRequest, fault: ProviderNotConnected) -> ASGIResponse:
        link, nonce = fault.link, new_nonce()
        view = NoProviderView(
            path=request.url.path,
            livemode=link.livemode,
            merchant=merchant_of(link.merchant),
            title=link.title,
            providers=link.providers,
        )
        body = render_no_provider(view, locale=locale_of(request, link.merchant.locale), nonce=nonce)
        return self._pages.answer(request, body, nonce=nonce, status=409)

    def on_fault(self, request: HttpRequest, fault: Fault) -> ASGIResponse:
        match fault:
            case Unauthorized() | OtpRequired():
                return self._problem(request, "forbidden")
            case NotFound():
                return self._problem(request, "not_found")
            case Invalid():
                return self._problem(request, "bad_request")
            case RateLimited():
                return self._problem(request, "rate_limited", headers_for(fault))
            case RequestTimeout():
                return self._problem(request, "bad_request", headers_for(fault), status=408)
            case _:
                if not isinstance(fault, Unavailable):
                    _log.warning("page.refused", code=fault.code)
                return self._problem(request, "unavailable", headers_for(fault))

    def on_http_exception(self, request: HttpRequest, error: HTTPException) -> ASGIResponse:
        if error.status_code in _UNREADABLE:
            return self._problem(request, "bad_request", status=error.status_code)
        return self._problem(request, "broken" if error.status_code >= _STATUS["broken"] else "not_found")

    def on_unexpected(self, request: HttpRequest, error: Exception) -> ASGIResponse:
        _log.error("page.failed", path=request.url.path, exc_info=error)
        return self._problem(request, "broken")

    def _problem(
        self, request: HttpRequest, kind: Any, headers: dict[str, str] | None = None, *, status: int | None = None
    ) -> ASGIResponse:
        nonce = new_nonce()
        view = ProblemView(path=request.url.path, kind=kind, request_id=request.scope["state"].get("request_id"))
        body = render_problem(view, locale=locale_of(request), nonce=nonce)
        return self._pages.answer(request, body, nonce=nonce, status=status or _STATUS[kind], headers=headers)
