from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.links.dialects.native.mapping.catalog import draft_of, product_out
from services.links.dialects.native.routes.call import NativeRequest, answer_of, begin, ok, respond
from services.links.dialects.native.routes.expand import rates_of
from services.links.dialects.native.routes.query import active_of, currency_of, query
from services.links.dialects.native.wire.catalog import CreateProduct, PatchProduct
from services.links.domain.product import Product, ProductDraft
from services.links.use_cases.manage_products import create_product, get_product, list_products, patch_product
from shared.kernel.answer import Answer
from shared.runtime.body import decode

ROOT: Final = "/v1/products"
_CREATE: Final = msgspec.json.Decoder(CreateProduct, float_hook=Decimal)
_PATCH: Final = msgspec.json.Decoder(PatchProduct, float_hook=Decimal)


@post(ROOT)
async def create(request: NativeRequest) -> ASGIResponse:
    call = await begin(request, "products:write")
    body = decode(await call.raw(), _CREATE)
    answer = await create_product(
        call.pg,
        call.actor,
        draft=draft_of(body),
        key=await call.once("products"),
        render=_rendered,
        now=call.now,
        test_mode=call.surface.test_mode,
    )
    return respond(answer)


@get(ROOT)
async def listed(request: NativeRequest) -> ASGIResponse:
    call = await begin(request, "products:read")
    asked = call.listing(("active", "currency", "expand"))
    found = await list_products(
        call.pg,
        call.actor,
        before=asked.before,
        limit=asked.limit + 1,
        active=active_of(asked),
        currency=currency_of(asked),
    )
    rates = await rates_of(call, found)
    return ok(asked.page(found, lambda product: product_out(product, rates), place=lambda product: product.id))


@get(ROOT + "/{product_id:uuid}")
async def one(request: NativeRequest, product_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "products:read")
    query(request, ("expand",))
    product = await get_product(call.pg, call.actor, product_id)
    return ok(product_out(product, await rates_of(call, [product])), revision=product.revision)


@patch(ROOT + "/{product_id:uuid}")
async def change(request: NativeRequest, product_id: FromPath[UUID]) -> ASGIResponse:
    return await _change(request, product_id, None)


@delete(ROOT + "/{product_id:uuid}", status_code=200)
async def remove(request: NativeRequest, product_id: FromPath[UUID]) -> ASGIResponse:
    """Archives: links that were made from it keep it."""
    return await _change(request, product_id, ProductDraft(active=False))


async def _change(request: NativeRequest, product_id: UUID, draft: ProductDraft | None) -> ASGIResponse:
    call = await begin(request, "products:write")
    product = await patch_product(
        call.pg,
        call.actor,
        product_id,
        draft=draft or draft_of(decode(await call.raw(), _PATCH)),
        expects=call.expects(),
        now=call.now,
        test_mode=call.surface.test_mode,
    )
    return ok(product_out(product), revision=product.revision)


def _rendered(product: Product) -> Answer:
    return answer_of(product_out(product), status=201, revision=product.revision)


HANDLERS: Final = [create, listed, one, change, remove]
