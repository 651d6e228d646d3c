from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.links.dialects.native.mapping.coupons import coupon_draft, coupon_out
from services.links.dialects.native.routes.call import NativeRequest, answer_of, begin, ok, respond
from services.links.dialects.native.routes.query import active_of, currency_of
from services.links.dialects.native.wire.coupons import CreateCoupon, PatchCoupon
from services.links.domain.coupon import Coupon, CouponDraft
from services.links.use_cases.manage_coupons import create_coupon, get_coupon, list_coupons, patch_coupon
from shared.kernel.answer import Answer
from shared.runtime.body import decode

ROOT: Final = "/v1/coupons"
_CREATE: Final = msgspec.json.Decoder(CreateCoupon, float_hook=Decimal)
_PATCH: Final = msgspec.json.Decoder(PatchCoupon, float_hook=Decimal)


@post(ROOT)
async def create(request: NativeRequest) -> ASGIResponse:
    call = await begin(request, "coupons:write")
    body = decode(await call.raw(), _CREATE)
    answer = await create_coupon(
        call.pg,
        call.actor,
        draft=coupon_draft(body),
        key=await call.once("coupons"),
        render=_rendered,
        now=call.now,
    )
    return respond(answer)


@get(ROOT)
async def listed(request: NativeRequest) -> ASGIResponse:
    call = await begin(request, "coupons:read")
    asked = call.listing(("active", "code", "currency"))
    found = await list_coupons(
        call.pg,
        call.actor,
        before=asked.before,
        limit=asked.limit + 1,
        active=active_of(asked),
        code=asked.filters.get("code"),
        currency=currency_of(asked),
    )
    return ok(asked.page(found, coupon_out, place=lambda coupon: coupon.id))


@get(ROOT + "/{coupon_id:uuid}")
async def one(request: NativeRequest, coupon_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "coupons:read")
    coupon = await get_coupon(call.pg, call.actor, coupon_id)
    return ok(coupon_out(coupon), revision=coupon.revision)


@patch(ROOT + "/{coupon_id:uuid}")
async def change(request: NativeRequest, coupon_id: FromPath[UUID]) -> ASGIResponse:
    return await _change(request, coupon_id, None)


@delete(ROOT + "/{coupon_id:uuid}", status_code=200)
async def remove(request: NativeRequest, coupon_id: FromPath[UUID]) -> ASGIResponse:
    """Archives: who has begun to pay with it still may."""
    return await _change(request, coupon_id, CouponDraft(active=False))


async def _change(request: NativeRequest, coupon_id: UUID, draft: CouponDraft | None) -> ASGIResponse:
    call = await begin(request, "coupons:write")
    coupon = await patch_coupon(
        call.pg,
        call.actor,
        coupon_id,
        draft=draft or coupon_draft(decode(await call.raw(), _PATCH)),
        expects=call.expects(),
        now=call.now,
    )
    return ok(coupon_out(coupon), revision=coupon.revision)


def _rendered(coupon: Coupon) -> Answer:
    return answer_of(coupon_out(coupon), status=201, revision=coupon.revision)


HANDLERS: Final = [create, listed, one, change, remove]
