"""`/api/payment-links…` under `/catalog`: what members do. What buyers and servers do is in `public` and `checkout`."""

from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec
from litestar import delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from msgspec.structs import asdict

from services.links.dialects.catalog import checkout_routes, login_routes, wire
from services.links.dialects.catalog.auth import token_of
from services.links.dialects.catalog.mapping import links as mapping
from services.links.dialects.surface.call import (
    AnyRequest,
    Call,
    answer_of,
    any_revision,
    begin_with_session,
    decode_body,
    headers_of,
    ok,
    respond,
    shown,
)
from services.links.dialects.surface.moving import move
from services.links.dialects.surface.paging import Paging, paging
from services.links.domain.browsing import LinkFilter
from services.links.domain.keys import Scope
from services.links.domain.link import Link
from services.links.use_cases.browse_links import browse_charges, browse_links, count_charges
from services.links.use_cases.change_link import patch_link
from services.links.use_cases.create_link import create_link
from services.links.use_cases.manage_products import get_product_by_digital_id
from services.links.use_cases.read_links import get_link, link_stats
from shared.kernel.faults import Invalid

ROOT: Final = "/catalog"
PATH: Final = ROOT + "/api/payment-links"
PAGE_SIZE_DEFAULT: Final = 50
PAGE_SIZE_MAX: Final = 100
_DIGITAL: Final = "prod_"
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
        draft=mapping.draft_of(body, [await _product_id(call, line.product_id) for line in body.products]),
        once=None,
        render=lambda link: answer_of(_out(call, link), status=201),
        now=call.now,
        test_mode=call.test_mode,
    )
    call.surface.wake.soon()
    return respond(answer)


@get(PATH)
async def listed(request: AnyRequest) -> ASGIResponse:
    call = await _begin(request, "links:read")
    asked = _asked(call)
    found = await browse_links(
        call.pg, call.actor, wanted=LinkFilter(hidden=("deleted",)), page=asked.page, size=asked.size, now=call.now
    )
    following, previous = mapping.beside(f"{call.public_url}{PATH}/", asked, total=found.total)
    results = [mapping.link_out(link, earned, public_url=call.pages_url, now=call.now) for link, earned in found.items]
    return ok(wire.Links(count=found.total, next=following, previous=previous, results=results))


@get(PATH + "/{link_id:uuid}")
async def one(request: AnyRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    call = await _begin(request, "links:read")
    link, stats = await link_stats(call.pg, call.actor, link_id)
    out = mapping.link_out(shown(link), stats.earned, public_url=call.pages_url, now=call.now)
    counts = await count_charges(call.pg, link_id)
    return ok(wire.LinkWithStats(**asdict(out), stats=mapping.stats_out(link, stats.earned, counts)))


@patch(PATH + "/{link_id:uuid}")
async def change(request: AnyRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    call = await _begin(request, "links:write")
    body = decode_body(await call.raw(), _PATCH)
    await patch_link(
        call.pg,
        call.actor,
        link_id,
        draft=lambda link: mapping.patch_of(body, shown(link)),
        expects=any_revision,
        now=call.now,
        test_mode=call.test_mode,
    )
    call.surface.wake()
    link, stats = await link_stats(call.pg, call.actor, link_id)
    return ok(mapping.link_out(link, stats.earned, public_url=call.pages_url, now=call.now))


@delete(PATH + "/{link_id:uuid}", status_code=200)
async def remove(request: AnyRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    call = await _begin(request, "links:write")
    shown(await get_link(call.pg, call.actor, link_id))
    await move(call, link_id, "delete")
    return ASGIResponse(status_code=204)


@get(PATH + "/{link_id:uuid}/payments")
async def payments(request: AnyRequest, link_id: FromPath[UUID]) -> ASGIResponse:
    call = await _begin(request, "charges:read")
    asked = _asked(call)
    shown(await get_link(call.pg, call.actor, link_id))
    counts = await count_charges(call.pg, link_id)
    found = await browse_charges(call.pg, link_id, page=asked.page, size=asked.size)
    following, previous = mapping.beside(f"{call.public_url}{PATH}/{link_id}/payments/", asked, total=counts.total)
    results = [mapping.payment_out(charge) for charge in found]
    return ok(wire.Payments(count=counts.total, next=following, previous=previous, results=results))


async def _product_id(call: Call, text: str) -> UUID:
    """Products are named by their UUID, or by the id that another dialect shows.

    Raises:
        Invalid, NotFound.
    """
    if text.startswith(_DIGITAL):
        return (await get_product_by_digital_id(call.pg, call.actor, text)).id
    try:
        return UUID(text)
    except ValueError:
        raise Invalid("products", "must name each product by its id") from None


def _asked(call: Call) -> Paging:
    query = call.query("page", "page_size")
    return paging(query, size_name="page_size", default=PAGE_SIZE_DEFAULT, most=PAGE_SIZE_MAX)


def _out(call: Call, link: Link) -> wire.Link:
    """A link that has earned nothing yet."""
    return mapping.link_out(link, (), public_url=call.pages_url, now=call.now)


async def _begin(request: AnyRequest, scope: Scope) -> Call:
    return await begin_with_session(request, token_of(headers_of(request)), scope)


HANDLERS: Final[list[HTTPRouteHandler]] = [
    create,
    listed,
    one,
    change,
    remove,
    payments,
    *checkout_routes.HANDLERS,
    *login_routes.HANDLERS,
]
