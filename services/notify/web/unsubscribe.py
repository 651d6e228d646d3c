"""The page behind the address in a reminder that stops reminders.

Opening it changes nothing, because mail scanners open everything. The button posts, and so do mail apps with a button
of their own (RFC 8058): neither needs a cookie or a script, since the address itself is the proof.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from jinja2 import Template
from litestar import Request, get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.notify.use_cases.unsubscribe import PATH, Subscriber, Unsubscribing
from shared.kernel.faults import NotFound
from shared.kernel.moment import Clock
from shared.runtime.postgres import Postgres
from shared.web.catalogs import catalog
from shared.web.colors import brand
from shared.web.locales import LANGUAGE_NAMES, LOCALE_DEFAULT, LOCALES, choose_locale, known_locale
from shared.web.pages import environment, stylesheet
from shared.web.security import SECURITY_HEADERS, content_security_policy, new_nonce

_TEMPLATES: Final = Path(__file__).parent / "templates"
_CSS: Final = stylesheet()
_LANGUAGES: Final = tuple(LANGUAGE_NAMES.items())
HttpRequest = Request[Any, Any, Any]


def warm() -> None:
    for locale in LOCALES:
        _template(locale, "unsubscribe.html")
        _template(locale, "missing.html")


def unsubscribe_routes(pg: Postgres, unsubscribing: Unsubscribing, clock: Clock) -> list[Any]:
    @get(f"{PATH}/{{token:str}}", include_in_schema=False)
    async def show_unsubscribe(request: HttpRequest, token: FromPath[str]) -> ASGIResponse:
        try:
            subscriber = await unsubscribing.subscriber(pg, token)
        except NotFound:
            return _missing(request)
        return _page(request, subscriber, done=subscriber.unsubscribed)

    @post(f"{PATH}/{{token:str}}", include_in_schema=False)
    async def unsubscribe(request: HttpRequest, token: FromPath[str]) -> ASGIResponse:
        try:
            subscriber = await unsubscribing.stop(pg, token, clock())
        except NotFound:
            return _missing(request)
        return _page(request, subscriber, done=True)

    return [show_unsubscribe, unsubscribe]


def _page(request: HttpRequest, subscriber: Subscriber, *, done: bool) -> ASGIResponse:
    locale = known_locale(request.query_params.get("lang")) or known_locale(subscriber.locale) or LOCALE_DEFAULT
    t = catalog(locale)
    values = {
        "done": done,
        "heading": t("unsubscribed_heading" if done else "unsubscribe_heading"),
        "lead": t("unsubscribed_lead" if done else "unsubscribe_lead", merchant=subscriber.merchant_name),
        "merchant_name": subscriber.merchant_name,
        "livemode": subscriber.livemode,
    }
    return _answer(request, "unsubscribe.html", locale, color=subscriber.color, values=values)


def _missing(request: HttpRequest) -> ASGIResponse:
    accepted = request.headers.get("accept-language")
    locale = choose_locale(request.query_params.get("lang"), None, accept_language=accepted)
    return _answer(request, "missing.html", locale, status=404)


def _answer(
    request: HttpRequest,
    template: str,
    locale: str,
    *,
    color: str | None = None,
    values: Mapping[str, object] = MappingProxyType({}),
    status: int = 200,
) -> ASGIResponse:
    nonce = new_nonce()
    frame: dict[str, object] = {
        "nonce": nonce,
        "css": _CSS,
        "brand": brand(color),
        "languages": _LANGUAGES,
        "path": request.url.path,
    }
    body = _template(locale, template).render(frame | dict(values)).encode()
    headers = SECURITY_HEADERS | {
        "Content-Security-Policy": content_security_policy(nonce),
        # The address opens the page; no other site need learn it.
        "Referrer-Policy": "no-referrer",
    }
    return ASGIResponse(body=body, media_type="text/html", status_code=status, headers=headers.items())


@cache
def _template(locale: str, name: str) -> Template:
    return environment(catalog(locale), _TEMPLATES).get_template(name)
