"""How a buyer gets to the checkout: by a link's public routes, or by a server that has an API key."""

import hashlib
import re
from datetime import timedelta
from decimal import Decimal
from typing import Final, cast
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from msgspec.structs import replace

from services.links.dialects.catalog import wire
from services.links.dialects.catalog.auth import SERVERS, key_of
from services.links.dialects.catalog.mapping import buyers as mapping
from services.links.dialects.surface.call import (
    AnyRequest,
    Call,
    answer_of,
    begin_with_key,
    decode_body,
    headers_of,
    idempotency_key,
    respond,
    surface_of,
)
from services.links.dialects.surface.moving import move
from services.links.use_cases.begin_checkout import Checkouts, check_details
from services.links.use_cases.create_link import create_link
from shared.contracts.checkout import OpenCheckoutSession, SessionIsOpen
from shared.kernel.answer import Answer, Once, fingerprint
from shared.kernel.faults import Fault, Invalid
from shared.runtime.any_site import preflight, readable_by_any_site

PUBLIC: Final = "/catalog/api/payment-links/public/{link_id:uuid}"
START: Final = PUBLIC + "/start"
CHECKOUT: Final = SERVERS + "create"
_NONCE: Final = re.compile(r"[\x21-\x7e]{16,128}")
_FRESH: Final = {"cache-control": "no-cache"}
_PRIVATE: Final = {"cache-control": "private, no-store"}
_START: Final = msgspec.json.Decoder(wire.Start, float_hook=Decimal)
_CREATE: Final = msgspec.json.Decoder(wire.CreateCheckout, float_hook=Decimal)


@get(PUBLIC, middleware=[readable_by_any_site])
async def preview(request: AnyRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    surface = surface_of(request)
    link, organization = await _checkouts(request).payable(link_id, now=surface.clock())
    out = mapping.preview_out(link, organization, public_url=organization.checkout_url or surface.public_url)
    return respond(answer_of(out, status=200), _FRESH)


@post(START, middleware=[readable_by_any_site])
async def start(request: AnyRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    checkouts = _checkouts(request)
    link, organization = await checkouts.payable(link_id, now=surface_of(request).clock())
    body = decode_body(await request.body(), _START)
    ask = mapping.ask_of(body, link, organization, idempotency_key=_buyers_key(request))
    checkouts.check(ask, organization)
    opened = await checkouts.open_for_stranger(ask, email=body.email, client_ip=_client_ip(request))
    return respond(answer_of(mapping.session_out(link_id, opened), status=201), _PRIVATE)


@post(CHECKOUT)
async def create_checkout(request: AnyRequest) -> ASGIResponse:
    call = await begin_with_key(request, key_of(headers_of(request)), "links:write")
    raw = await call.raw()
    body = decode_body(raw, _CREATE)
    ask = mapping.opening_of(body)
    check_details(ask)
    lifetime = timedelta(seconds=call.actor.organization.link_lifetime_seconds)
    key = idempotency_key(headers_of(request))
    once = key and Once(
        scope=call.actor.scope,
        route="catalog checkout/create",
        key=key,
        fingerprint=fingerprint(request.method, CHECKOUT, raw),
    )
    made = await create_link(
        call.pg,
        call.actor,
        into=call.surface.new_links,
        draft=mapping.checkout_draft_of(body, expires_at=call.now + lifetime, test_mode=call.test_mode),
        once=once or None,
        # What is kept is which link was made: its session is found again by that.
        render=lambda link: Answer(status=201, body=str(link.id).encode()),
        now=call.now,
        test_mode=call.test_mode,
    )
    call.surface.wake.soon()
    link_id = UUID(made.body.decode())
    ask = replace(ask, link_id=link_id, idempotency_key=f"created {link_id}")
    opened = await _opened(call, ask, link_id=link_id, may_come_again=once is not None)
    return respond(answer_of(mapping.session_out(link_id, opened), status=201), _PRIVATE)


async def _opened(call: Call, ask: OpenCheckoutSession, *, link_id: UUID, may_come_again: bool) -> SessionIsOpen:
    """The session of a link that was made for it, and that is taken back if nobody will ever pay it."""
    try:
        return await _checkouts(call.request).open(ask)
    except Fault:
        if not may_come_again:
            await move(call, link_id, "delete")
        raise


def _checkouts(request: AnyRequest) -> Checkouts:
    return cast("Checkouts", request.app.state.checkouts)


def _client_ip(request: AnyRequest) -> str:
    return str(request.scope.get("state", {}).get("client_ip", "unknown"))


def _buyers_key(request: AnyRequest) -> str | None:
    """The Idempotency-Key of one buyer. Anybody may guess `order-1`, and must not be given another buyer's session.

    Who sends a random `Client-Nonce` along is known by that, from wherever they ask; else their address tells.
    """
    headers = headers_of(request)
    key = idempotency_key(headers)
    if key is None:
        return None
    nonce = headers.get(b"client-nonce", b"").decode("latin-1")
    if nonce and not _NONCE.fullmatch(nonce):
        raise Invalid("Client-Nonce", "must be 16 to 128 printable ASCII characters without blanks")
    known_by = f"nonce {nonce}" if nonce else f"address {_client_ip(request)}"
    return hashlib.sha256(f"{known_by}\n{key}".encode()).hexdigest()


HANDLERS: Final[list[HTTPRouteHandler]] = [
    preflight(PUBLIC, "GET"),
    preview,
    preflight(START, "POST"),
    start,
    create_checkout,
]
