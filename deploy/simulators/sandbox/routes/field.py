"""The card field: a page for an iframe, so that a card number never touches the page around it."""

import json
import re

import msgspec
from litestar import Response, get

from deploy.simulators.pages.cards import BRANDS
from deploy.simulators.sandbox.routes.access import HttpRequest, provider_of
from deploy.simulators.sandbox.routes.rendering import locale_of, page
from deploy.simulators.sandbox.texts import TEXTS

# An origin and nothing else: it goes into the policy and is the only address that the frame talks to.
_ORIGIN = re.compile(
    r"https?://(?:[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,10}|\[[0-9A-Fa-f:]{2,39}\])(?::\d{1,5})?"
)
_FIELD_TEXTS = (
    "number_missing",
    "number_invalid",
    "number_not_test",
    "expiry_missing",
    "expiry_invalid",
    "expiry_past",
    "cvc_missing",
    "cvc_invalid",
    "cvc_invalid_4",
    "cvc_hint",
    "cvc_hint_4",
    "unreachable",
)


@get("/fields/card")
async def card_field(request: HttpRequest) -> Response[str]:
    locale = locale_of(request)
    text = TEXTS[locale]
    parent = request.query_params.get("parent", "")
    publishable_key = request.query_params.get("publishable_key", "")
    account = provider_of(request).account_by_key(publishable_key)
    if not _ORIGIN.fullmatch(parent) or account is None or publishable_key != account.publishable_key:
        return page("message.html", locale, status=400, title=text["bad_field"], lead=text["bad_field_lead"], back=None)
    config = {
        "key": publishable_key,
        "parent": parent,
        "brands": msgspec.to_builtins(BRANDS),
        "texts": {key: text[key] for key in _FIELD_TEXTS},
    }
    policy = {
        "script-src": "'self'",
        "connect-src": "'self'",
        "form-action": "'none'",
        "frame-ancestors": parent,
    }
    return page("field.html", locale, csp=policy, config=json.dumps(config))


FIELD_ROUTES = [card_field]
