"""`/payment-links…` and `/orgs/{org_id}/payment-links` under `/gated`."""

import secrets
from datetime import datetime
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec
from litestar import delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.links.dialects.gated import mapping, wire
from services.links.dialects.gated.auth import Caller, begin, otp_of, sees_all
from services.links.dialects.surface.call import (
    AnyRequest,
    Call,
    answer_of,
    decode_body,
    ok,
    respond,
    shown,
    surface_of,
)
from services.links.dialects.surface.moving import move
from services.links.dialects.surface.paging import paging
from services.links.domain.browsing import LinkFilter
from services.links.domain.link import Link
from services.links.use_cases.browse_links import browse_links
from services.links.use_cases.create_link import create_link
from services.links.use_cases.read_links import find_link, pages_url_of
from services.links.use_cases.revoke_links import revoke_links_of
from services.links.use_cases.send_scheduled import send_scheduled
from shared.kernel.answer import Answer
from shared.kernel.faults import Invalid
from shared.runtime.any_site import preflight, readable_by_any_site

ROOT: Final = "/gated"
PATH: Final = ROOT + "/payment-links"
ONE: Final = PATH + "/{link_id:uuid}"
VERIFY: Final = PATH + "/verify"
PER_PAGE: Final = 1_000
"""The document knows no pages and returns all: so many at once, and the rest by `page`."""
SLUG_BYTES: Final = 16
_CREATE: Final = msgspec.json.Decoder(wire.CreateLink, float_hook=Decimal)
_ASK_OTP: Final = msgspec.json.Decoder(wire.AskOtp)
_VERIFY_OTP: Final = msgspec.json.Decoder(wire.VerifyOtp)
_VERIFY: Final = msgspec.json.Decoder(wire.VerifyLink)
_REVOKE: Final = msgspec.json.Decoder(wire.RevokeLinks)
_SCHEDULED: Final = msgspec.json.Decoder(wire.SendScheduled)


@post(PATH)
async def create(request: AnyRequest) -> ASGIResponse:
    caller = await begin(request)
    body = decode_body(await request.body(), _CREATE)
    call = caller.call(await caller.clients.actor(caller.client, mapping.id_in("organization", body.org_id)))
    draft = mapping.draft_of(
        body,
        call.actor.organization,
        slug=f"g-{secrets.token_hex(SLUG_BYTES)}",
        verified_at=await _verified_at(request, body),
        now=call.now,
    )
    answer = await create_link(
        call.pg,
        call.actor,
        into=call.surface.new_links,
        draft=draft,
        once=None,
        render=lambda link: _created(call, link),
        now=call.now,
        test_mode=call.test_mode,
    )
    call.surface.wake.soon()
    return respond(answer)


@get(ONE, middleware=[readable_by_any_site])
async def one(request: AnyRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    surface = surface_of(request)
    now = surface.clock()
    link = shown(await find_link(surface.pg, link_id))
    whole = await sees_all(request, link, now=now)
    pages_url = await pages_url_of(surface.pg, link, public_url=surface.public_url)
    return _private(mapping.link_out(link, public_url=pages_url, whole=whole, now=now))


@post(VERIFY, middleware=[readable_by_any_site])
async def verify(request: AnyRequest) -> ASGIResponse:
    surface = surface_of(request)
    now = surface.clock()
    body = decode_body(await request.body(), _VERIFY)
    link = shown(await find_link(surface.pg, mapping.id_in("payment_link", body.link_id)))
    whole = await sees_all(request, link, now=now)
    pages_url = await pages_url_of(surface.pg, link, public_url=surface.public_url)
    return _private(mapping.verified_out(link, public_url=pages_url, whole=whole, now=now))


@post(PATH + "/otp")
async def ask_otp(request: AnyRequest) -> ASGIResponse:
    body = decode_body(await request.body(), _ASK_OTP)
    asked = await otp_of(request).request_otp(
        body.email,
        now=surface_of(request).clock(),
        link_id=mapping.asked_id_in(body.link_id),
        client_ip=_client_ip(request),
    )
    return _private(mapping.otp_out(asked), status=200)


@put(PATH + "/otp")
async def verify_otp(request: AnyRequest) -> ASGIResponse:
    now = surface_of(request).clock()
    body = decode_body(await request.body(), _VERIFY_OTP)
    token = await otp_of(request).verify_otp(
        body.email,
        body.otp,
        now=now,
        link_id=mapping.asked_id_in(body.link_id),
        client_ip=_client_ip(request),
    )
    return _private(mapping.token_out(token, now))


@delete(PATH, status_code=200)
async def revoke_all(request: AnyRequest) -> ASGIResponse:
    caller = await begin(request)
    email = await _email(request)
    if email is None:
        raise Invalid("email", "is required, unless the path names a link")
    return await _revoked(caller, email, before=0)


@delete(ONE, status_code=200)
async def revoke(request: AnyRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    caller = await begin(request)
    email = await _email(request)
    call = caller.call(await caller.clients.actor_of_link(caller.client, link_id))
    was_open = shown(await find_link(call.pg, link_id)).ended_at is None
    await move(call, link_id, "revoke")
    return await _revoked(caller, email, before=int(was_open))


@get(ROOT + "/orgs/{org_id:uuid}/payment-links")
async def listed(request: AnyRequest, org_id: FromPath[UUID]) -> ASGIResponse:
    caller = await begin(request)
    call = caller.call(await caller.clients.actor(caller.client, org_id))
    asked = paging(call.query("page", "per_page"), size_name="per_page", default=PER_PAGE, most=PER_PAGE)
    wanted = LinkFilter(hidden=("deleted",))
    found = await browse_links(call.pg, call.actor, wanted=wanted, page=asked.page, size=asked.size, now=call.now)
    return ok(mapping.links_out(found, public_url=call.pages_url, now=call.now))


@post(PATH + "/scheduled")
async def scheduled(request: AnyRequest) -> ASGIResponse:
    caller = await begin(request)
    body = decode_body(await request.body(), _SCHEDULED)
    starting = mapping.moment_in("scheduled_at", body.scheduled_at)
    assert starting is not None
    everywhere = caller.client.role == "internal-admin"
    actor = None if everywhere else await caller.clients.actor(caller.client, None)
    surface = surface_of(request)
    sent = await send_scheduled(surface.pg, actor, starting=starting, hours=body.period, now=caller.now)
    surface.wake()
    return ok(mapping.scheduled_out(sent))


def _created(call: Call, link: Link) -> Answer:
    return answer_of(mapping.created_out(link, public_url=call.pages_url, now=call.now), status=201)


async def _verified_at(request: AnyRequest, body: wire.CreateLink) -> datetime | None:
    """When the address proved itself with the code that came along; the code by itself proves nothing.

    Raises:
        Invalid: it is neither the live code of the address nor the one that was just verified.
    """
    if body.otp is None:
        return None
    verified_at = await otp_of(request).was_just_verified(body.email, body.otp)
    if verified_at is None:
        raise Invalid("otp", "is not a live or just verified code of this address")
    return verified_at


async def _email(request: AnyRequest) -> str | None:
    raw = await request.body()
    return decode_body(raw, _REVOKE).email if raw.strip() else None


async def _revoked(caller: Caller, email: str | None, *, before: int) -> ASGIResponse:
    surface = surface_of(caller.request)
    more = await revoke_links_of(surface.pg, caller.clients, caller.client, email, now=caller.now) if email else 0
    surface.wake()
    return ok(mapping.revoked_out(before + more))


def _private(body: msgspec.Struct, *, status: int = 200) -> ASGIResponse:
    """What a token opened for one is not kept for the next."""
    return respond(answer_of(body, status=status), {"cache-control": "no-store"})


def _client_ip(request: AnyRequest) -> str | None:
    ip: str | None = request.scope.get("state", {}).get("client_ip")
    return ip


HANDLERS: Final[list[HTTPRouteHandler]] = [
    create,
    preflight(ONE, "GET"),
    one,
    preflight(VERIFY, "POST"),
    verify,
    ask_otp,
    verify_otp,
    revoke_all,
    revoke,
    listed,
    scheduled,
]
