"""`/payment-links…` under `/core`."""

from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec
from litestar import delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.links.dialects.core import mapping, wire
from services.links.dialects.core.auth import token_of
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
    shown,
)
from services.links.dialects.surface.moving import move
from services.links.dialects.surface.paging import paging
from services.links.domain.keys import Scope
from services.links.domain.link import Link
from services.links.use_cases.browse_links import browse_links
from services.links.use_cases.change_link import patch_link
from services.links.use_cases.create_link import create_link
from services.links.use_cases.read_links import get_link
from shared.kernel.answer import Answer

ROOT: Final = "/core"
PATH: Final = ROOT + "/payment-links"
PAGE_SIZE_DEFAULT: Final = 50
PAGE_SIZE_MAX: Final = 100
_FILTERS: Final = ("link_type", "currency_code", "is_active", "include_expired")
_CREATE: Final = msgspec.json.Decoder(wire.CreateLink, float_hook=Decimal)
_PATCH: Final = msgspec.json.Decoder(wire.PatchLink, float_hook=Decimal)


@post(PATH)
async def create(request: AnyRequest) -> ASGIResponse:
    call = await _begin(request, "links:write")
    body = decode_body(await call.raw(), _CREATE)
    answer = await create_link(
        call.pg,
        call.actor,
        into=call.surface.new_links,
        draft=mapping.draft_of(body),
        once=None,
        render=lambda link: _one(call, link, status=201),
        now=call.now,
        test_mode=call.test_mode,
    )
    call.surface.wake.soon()
    return respond(answer)


@get(PATH)
async def listed(request: AnyRequest) -> ASGIResponse:
    call = await _begin(request, "links:read")
    query = call.query("page", "page_size", *_FILTERS)
    asked = paging(query, size_name="page_size", default=PAGE_SIZE_DEFAULT, most=PAGE_SIZE_MAX)
    found = await browse_links(
        call.pg, call.actor, wanted=mapping.filter_of(query), page=asked.page, size=asked.size, now=call.now
    )
    return ok(
        wire.Links(
            data=[_out(call, link) for link, _ in found.items],
            meta=wire.Paging(page=asked.page, page_size=asked.size, total_count=found.total),
        )
    )


@get(PATH + "/{link_id:uuid}")
async def one(request: AnyRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    call = await _begin(request, "links:read")
    return respond(_one(call, shown(await get_link(call.pg, call.actor, link_id)), status=200))


@patch(PATH + "/{link_id:uuid}")
async def change(request: AnyRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    call = await _begin(request, "links:write")
    body = decode_body(await call.raw(), _PATCH)
    link = await patch_link(
        call.pg,
        call.actor,
        link_id,
        draft=lambda link: mapping.patch_of(body, shown(link)),
        expects=any_revision,
        now=call.now,
        test_mode=call.test_mode,
    )
    call.surface.wake()
    return respond(_one(call, link, status=200))


@delete(PATH + "/{link_id:uuid}", status_code=200)
async def remove(request: AnyRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    call = await _begin(request, "links:write")
    shown(await get_link(call.pg, call.actor, link_id))
    await move(call, link_id, "delete")
    return ASGIResponse(status_code=204)


def _out(call: Call, link: Link) -> wire.Link:
    return mapping.link_out(link, call.actor.organization, public_url=call.pages_url, now=call.now)


def _one(call: Call, link: Link, *, status: int) -> Answer:
    return answer_of(wire.OneLink(data=_out(call, link)), status=status)


async def _begin(request: AnyRequest, scope: Scope) -> Call:
    return await begin_with_key(request, token_of(headers_of(request)), scope)


HANDLERS: Final[list[HTTPRouteHandler]] = [create, listed, one, change, remove]
