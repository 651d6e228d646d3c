"""Under `/collections`: `/payment-links…` of the document's table, `/generation/v2/payment-links…` of its curls."""

from decimal import Decimal
from functools import partial
from typing import Final
from uuid import UUID

import msgspec
from litestar import delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.links.dialects.collections import mapping, wire
from services.links.dialects.collections.auth import token_of
from services.links.dialects.surface.call import (
    AnyRequest,
    Call,
    answer_of,
    any_revision,
    begin_with_key,
    decode_body,
    headers_of,
    ok,
    respond,
)
from services.links.dialects.surface.moving import move
from services.links.dialects.surface.paging import paging
from services.links.domain.browsing import LinkFilter
from services.links.domain.keys import Scope
from services.links.domain.link import Link
from services.links.use_cases.browse_links import browse_links, count_charges
from services.links.use_cases.change_link import patch_link
from services.links.use_cases.create_link import create_link
from services.links.use_cases.read_links import link_stats, list_charges
from shared.kernel.answer import Answer

ROOT: Final = "/collections"
PATHS: Final = (ROOT + "/generation/v2/payment-links", ROOT + "/payment-links")
PER_PAGE_DEFAULT: Final = 20
PER_PAGE_MAX: Final = 100
RECENT_CHARGES: Final = 10
_ALL: Final = list(PATHS)
_ONE: Final = [path + "/{link_id:uuid}" for path in PATHS]
_CREATE: Final = msgspec.json.Decoder(wire.CreateLink, float_hook=Decimal)
_PATCH: Final = msgspec.json.Decoder(wire.PatchLink, float_hook=Decimal)


@post(_ALL)
async def create(request: AnyRequest) -> ASGIResponse:
    call = await _begin(request, "links:write")
    body = decode_body(await call.raw(), _CREATE)
    answer = await create_link(
        call.pg,
        call.actor,
        into=call.surface.new_links,
        draft=mapping.draft_of(body),
        once=None,
        render=lambda link: _one(call, link, "Payment link created", status=201),
        now=call.now,
        test_mode=call.test_mode,
    )
    call.surface.wake.soon()
    return respond(answer)


@get(_ALL)
async def listed(request: AnyRequest) -> ASGIResponse:
    call = await _begin(request, "links:read")
    asked = paging(call.query("page", "per_page"), size_name="per_page", default=PER_PAGE_DEFAULT, most=PER_PAGE_MAX)
    found = await browse_links(call.pg, call.actor, wanted=LinkFilter(), page=asked.page, size=asked.size, now=call.now)
    return ok(mapping.links_out(found, page=asked.page, per_page=asked.size, public_url=call.pages_url, now=call.now))


@get(_ONE)
async def one(request: AnyRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    call = await _begin(request, "links:read")
    link, stats = await link_stats(call.pg, call.actor, link_id)
    counts = await count_charges(call.pg, link_id)
    recent = await list_charges(call.pg, call.actor, link_id, before=None, limit=RECENT_CHARGES)
    return ok(
        wire.LinkWithStats(
            link=mapping.link_out(link, public_url=call.pages_url, now=call.now),
            stats=mapping.stats_out(link, stats, counts),
            recent_charges=[mapping.charge_out(charge) for charge in recent],
        )
    )


@patch(_ONE)
async def change(request: AnyRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    call = await _begin(request, "links:write")
    body = decode_body(await call.raw(), _PATCH)
    link = await patch_link(
        call.pg,
        call.actor,
        link_id,
        draft=partial(mapping.patch_of, body, now=call.now),
        expects=any_revision,
        now=call.now,
        test_mode=call.test_mode,
    )
    call.surface.wake()
    return respond(_one(call, link, "Payment link updated", status=200))


@delete(_ONE, status_code=200)
async def archive(request: AnyRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    call = await _begin(request, "links:write")
    done = answer_of(wire.Done(message="Payment link archived"), status=200)
    return respond(await move(call, link_id, "archive", answer=done))


def _one(call: Call, link: Link, message: str, *, status: int) -> Answer:
    out = mapping.link_out(link, public_url=call.pages_url, now=call.now)
    return answer_of(wire.OneLink(message=message, link=out), status=status)


async def _begin(request: AnyRequest, scope: Scope) -> Call:
    return await begin_with_key(request, token_of(headers_of(request)), scope)


HANDLERS: Final[list[HTTPRouteHandler]] = [create, listed, one, change, archive]
