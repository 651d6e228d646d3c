"""The API that a merchant's platform calls. https://docs.stripe.com/api."""

from typing import Any
from urllib.parse import urlsplit

from litestar import Response, get, post

from deploy.simulators.control.access import HttpRequest
from deploy.simulators.stripe import objects
from deploy.simulators.stripe.listing import page_of
from deploy.simulators.stripe.parameters import (
    CreateEndpoint,
    CreateRefund,
    CreateSession,
    ExpireSession,
    ListRefunds,
    ListSessions,
    Reading,
)
from deploy.simulators.stripe.problems import missing, refused
from deploy.simulators.stripe.records import Account, Refund, Session
from deploy.simulators.stripe.routes.asking import changed, provider_of, query_of, require_account, shown

SESSIONS = "/v1/checkout/sessions"


@post(SESSIONS)
async def create_session(request: HttpRequest) -> Response[bytes]:
    provider = provider_of(request)

    def create(account: Account, asked: CreateSession) -> Any:
        expand = objects.check_expand(asked.expand)
        for name, url in (("success_url", asked.success_url), ("cancel_url", asked.cancel_url)):
            if url is not None and not _is_web_url(url):
                raise refused(f"Not a valid URL: {name}", code="url_invalid", param=name)
        if asked.customer_email is not None and asked.customer_email.count("@") != 1:
            raise refused("Invalid email address.", code="email_invalid", param="customer_email")
        return provider.view(provider.create(account, asked), expand)

    return await changed(request, CreateSession, create)


@get(SESSIONS)
async def list_sessions(request: HttpRequest) -> Response[bytes]:
    account, asked, provider = require_account(request), query_of(request, ListSessions), provider_of(request)
    expand = objects.check_expand(asked.expand, prefix="data.")
    found = [
        session
        for session in reversed(provider.store.all(Session, account.id))
        if asked.status in {None, session.status}
        and (asked.payment_intent is None or (session.intent and session.intent.id == asked.payment_intent))
    ]
    page, has_more = page_of(found, asked)
    return shown(objects.list_view(SESSIONS, [provider.view(one, expand) for one in page], has_more=has_more))


@get(SESSIONS + "/{session_id:str}")
async def show_session(request: HttpRequest, session_id: str) -> Response[bytes]:
    account, asked, provider = require_account(request), query_of(request, Reading), provider_of(request)
    return shown(provider.view(provider.session(session_id, account), objects.check_expand(asked.expand)))


@post(SESSIONS + "/{session_id:str}/expire")
async def expire_session(request: HttpRequest, session_id: str) -> Response[bytes]:
    provider = provider_of(request)

    def expire(account: Account, asked: ExpireSession) -> Any:
        expand = objects.check_expand(asked.expand)
        return provider.view(provider.expire(provider.session(session_id, account)), expand)

    return await changed(request, ExpireSession, expire)


@get("/v1/payment_intents/{intent_id:str}")
async def show_intent(request: HttpRequest, intent_id: str) -> Response[bytes]:
    account, asked, provider = require_account(request), query_of(request, Reading), provider_of(request)
    session = provider.session_of_intent(intent_id, account)
    if session.intent is None:
        raise missing("payment_intent", intent_id)
    expand = objects.check_expand([f"payment_intent.{path}" for path in asked.expand])
    return shown(objects.intent_view(session, session.intent, expand))


@post("/v1/refunds")
async def create_refund(request: HttpRequest) -> Response[bytes]:
    provider = provider_of(request)

    def refund(account: Account, asked: CreateRefund) -> Any:
        return objects.refund_view(provider.refunds.refund(account, asked))

    return await changed(request, CreateRefund, refund)


@get("/v1/refunds")
async def list_refunds(request: HttpRequest) -> Response[bytes]:
    account, asked, provider = require_account(request), query_of(request, ListRefunds), provider_of(request)
    found = [
        refund
        for refund in reversed(provider.store.all(Refund, account.id))
        if asked.payment_intent in {None, refund.intent} and asked.charge in {None, refund.charge}
    ]
    page, has_more = page_of(found, asked)
    expand = objects.check_expand(asked.expand, prefix="data.")
    views = [provider.refunds.view(one, expand) for one in page]
    return shown(objects.list_view("/v1/refunds", views, has_more=has_more))


@get("/v1/refunds/{refund_id:str}")
async def show_refund(request: HttpRequest, refund_id: str) -> Response[bytes]:
    account = require_account(request)
    query_of(request, Reading)
    refund = provider_of(request).store.get(Refund, refund_id)
    if refund is None or refund.account != account.id:
        raise missing("refund", refund_id)
    return shown(objects.refund_view(refund))


@post("/v1/webhook_endpoints")
async def create_endpoint(request: HttpRequest) -> Response[bytes]:
    provider = provider_of(request)

    def create(account: Account, asked: CreateEndpoint) -> Any:
        if not _is_web_url(asked.url):
            raise refused("Not a valid URL: url", code="url_invalid", param="url")
        created = provider.now_ms() // 1_000
        endpoint = provider.accounts.set_endpoint(
            account, asked.url, events=asked.enabled_events, signed_by=(), created=created
        )
        return objects.endpoint_view(endpoint)

    return await changed(request, CreateEndpoint, create)


def _is_web_url(url: str) -> bool:
    """Stripe puts the session's id where the URL says so."""
    bare = url.replace("{CHECKOUT_SESSION_ID}", "id")
    try:
        parts = urlsplit(bare)
        return bare.isascii() and parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False


API_ROUTES = [
    create_session,
    list_sessions,
    show_session,
    expire_session,
    show_intent,
    create_refund,
    list_refunds,
    show_refund,
    create_endpoint,
]
