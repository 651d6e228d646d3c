"""`/api/v2/digital/links…` under `/digital`."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec
from litestar import delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath
from litestar.response.base import ASGIResponse
from msgspec import UNSET

from services.links.dialects.digital import mapping, wire
from services.links.dialects.digital.auth import check_origin, token_of
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
from services.links.dialects.surface.paging import paging
from services.links.domain.browsing import LinkFilter
from services.links.domain.keys import Scope
from services.links.domain.link import Link
from services.links.domain.pricing import OfProduct
from services.links.domain.product import Product
from services.links.use_cases.browse_links import browse_links
from services.links.use_cases.change_link import patch_link
from services.links.use_cases.create_link import create_link
from services.links.use_cases.manage_products import get_product, get_product_by_digital_id, products_by_id
from services.links.use_cases.read_links import get_link, link_stats
from shared.kernel.answer import Answer
from shared.kernel.faults import NotFound

ROOT: Final = "/digital"
PATH: Final = ROOT + "/api/v2/digital/links"
PAGE_SIZE_DEFAULT: Final = 100
PAGE_SIZE_MAX: Final = 100
_CREATE: Final = msgspec.json.Decoder(wire.CreateLink, float_hook=Decimal)
_PUT: Final = msgspec.json.Decoder(wire.PutLink, float_hook=Decimal)


@post(PATH)
async def create(request: AnyRequest) -> ASGIResponse:
    call = await _begin(request, "links:write")
    body = decode_body(await call.raw(), _CREATE)
    product = await get_product_by_digital_id(call.pg, call.actor, body.product_id)
    answer = await create_link(
        call.pg,
        call.actor,
        into=call.surface.new_links,
        draft=mapping.draft_of(body, product),
        once=None,
        render=lambda link: _one(call, link, {product.id: product}, status=201),
        now=call.now,
        test_mode=call.test_mode,
    )
    call.surface.wake.soon()
    return respond(answer)


@get(PATH)
async def listed(request: AnyRequest) -> ASGIResponse:
    call = await _begin(request, "links:read")
    asked = paging(
        call.query("page", "page_size"), size_name="page_size", default=PAGE_SIZE_DEFAULT, most=PAGE_SIZE_MAX
    )
    found = await browse_links(
        call.pg, call.actor, wanted=LinkFilter(hidden=("deleted",)), page=asked.page, size=asked.size, now=call.now
    )
    products = await _products(call, [link for link, _ in found.items])
    return ok(
        wire.Links(
            data=[_out(call, link, products) for link, _ in found.items],
            meta=wire.Paging(page=asked.page, page_size=asked.size, total=found.total),
        )
    )


@get(PATH + "/{link_id:str}")
async def one(request: AnyRequest, link_id: FromPath[str]) -> ASGIResponse:
    call = await _begin(request, "links:read")
    link = shown(await get_link(call.pg, call.actor, _id(link_id)))
    return respond(_one(call, link, await _products(call, [link]), status=200))


@put(PATH + "/{link_id:str}")
async def change(request: AnyRequest, link_id: FromPath[str]) -> ASGIResponse:
    call = await _begin(request, "links:write")
    body = decode_body(await call.raw(), _PUT)
    product = await _product(call, body, _id(link_id))
    link = await patch_link(
        call.pg,
        call.actor,
        _id(link_id),
        draft=lambda link: mapping.patch_of(body, shown(link), product),
        expects=any_revision,
        now=call.now,
        test_mode=call.test_mode,
    )
    call.surface.wake()
    return respond(_one(call, link, await _products(call, [link]), status=200))


@delete(PATH + "/{link_id:str}", status_code=200)
async def remove(request: AnyRequest, link_id: FromPath[str]) -> ASGIResponse:
    call = await _begin(request, "links:write")
    shown(await get_link(call.pg, call.actor, _id(link_id)))
    return respond(await move(call, _id(link_id), "delete", answer=answer_of(wire.Done(), status=200)))


@get(PATH + "/{link_id:str}/revenue")
async def revenue(request: AnyRequest, link_id: FromPath[str]) -> ASGIResponse:
    call = await _begin(request, "links:read")
    link, stats = await link_stats(call.pg, call.actor, _id(link_id))
    return ok(wire.OneRevenue(data=mapping.revenue_out(shown(link), stats)))


async def _product(call: Call, body: wire.PutLink, link_id: UUID) -> Product | None:
    """The product that a change of the price is about: the one that is named, else the link's own."""
    if body.product_id is not UNSET:
        return await get_product_by_digital_id(call.pg, call.actor, body.product_id)
    if body.price is UNSET:
        return None
    pricing = shown(await get_link(call.pg, call.actor, link_id)).pricing
    return await get_product(call.pg, call.actor, pricing.product_id) if isinstance(pricing, OfProduct) else None


def _id(link_id: str) -> UUID:
    found = mapping.link_id_in(link_id)
    if found is None:
        raise NotFound("payment_link")
    return found


async def _products(call: Call, links: Sequence[Link]) -> Mapping[UUID, Product]:
    sold = {link.pricing.product_id for link in links if isinstance(link.pricing, OfProduct)}
    return await products_by_id(call.pg, call.actor, sold) if sold else {}


def _out(call: Call, link: Link, products: Mapping[UUID, Product]) -> wire.Link:
    sold = products.get(link.pricing.product_id) if isinstance(link.pricing, OfProduct) else None
    return mapping.link_out(link, sold, now=call.now)


def _one(call: Call, link: Link, products: Mapping[UUID, Product], *, status: int) -> Answer:
    return answer_of(wire.OneLink(data=_out(call, link, products)), status=status)


async def _begin(request: AnyRequest, scope: Scope) -> Call:
    headers = headers_of(request)
    call = await begin_with_session(request, token_of(headers), scope)
    check_origin(request.method, headers, own=call.public_url, has_body=bool(await call.raw()))
    return call


HANDLERS: Final[list[HTTPRouteHandler]] = [create, listed, one, change, remove, revenue]
