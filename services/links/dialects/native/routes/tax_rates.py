from typing import Final
from uuid import UUID

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.links.dialects.native.mapping.taxes import tax_rate_draft, tax_rate_out
from services.links.dialects.native.routes.call import NativeRequest, answer_of, begin, ok, respond
from services.links.dialects.native.routes.query import active_of
from services.links.dialects.native.wire.taxes import CreateTaxRate, PatchTaxRate
from services.links.domain.tax import TaxRate, TaxRateDraft
from services.links.use_cases.manage_tax_rates import create_tax_rate, get_tax_rate, list_tax_rates, patch_tax_rate
from shared.kernel.answer import Answer
from shared.runtime.body import decode

ROOT: Final = "/v1/tax-rates"
_CREATE: Final = msgspec.json.Decoder(CreateTaxRate)
_PATCH: Final = msgspec.json.Decoder(PatchTaxRate)


@post(ROOT)
async def create(request: NativeRequest) -> ASGIResponse:
    call = await begin(request, "taxes:write")
    body = decode(await call.raw(), _CREATE)
    answer = await create_tax_rate(
        call.pg,
        call.actor,
        draft=tax_rate_draft(body),
        key=await call.once("tax-rates"),
        render=_rendered,
        now=call.now,
    )
    return respond(answer)


@get(ROOT)
async def listed(request: NativeRequest) -> ASGIResponse:
    call = await begin(request, "taxes:read")
    asked = call.listing(("active",))
    found = await list_tax_rates(
        call.pg,
        call.actor,
        before=asked.before,
        limit=asked.limit + 1,
        active=active_of(asked),
    )
    return ok(asked.page(found, tax_rate_out, place=lambda tax_rate: tax_rate.id))


@get(ROOT + "/{tax_rate_id:uuid}")
async def one(request: NativeRequest, tax_rate_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "taxes:read")
    tax_rate = await get_tax_rate(call.pg, call.actor, tax_rate_id)
    return ok(tax_rate_out(tax_rate), revision=tax_rate.revision)


@patch(ROOT + "/{tax_rate_id:uuid}")
async def change(request: NativeRequest, tax_rate_id: FromPath[UUID]) -> ASGIResponse:
    return await _change(request, tax_rate_id, None)


@delete(ROOT + "/{tax_rate_id:uuid}", status_code=200)
async def remove(request: NativeRequest, tax_rate_id: FromPath[UUID]) -> ASGIResponse:
    """Archives: products that have it are still taxed by it."""
    return await _change(request, tax_rate_id, TaxRateDraft(active=False))


async def _change(request: NativeRequest, tax_rate_id: UUID, draft: TaxRateDraft | None) -> ASGIResponse:
    call = await begin(request, "taxes:write")
    tax_rate = await patch_tax_rate(
        call.pg,
        call.actor,
        tax_rate_id,
        draft=draft or tax_rate_draft(decode(await call.raw(), _PATCH)),
        expects=call.expects(),
        now=call.now,
    )
    return ok(tax_rate_out(tax_rate), revision=tax_rate.revision)


def _rendered(tax_rate: TaxRate) -> Answer:
    return answer_of(tax_rate_out(tax_rate), status=201, revision=tax_rate.revision)


HANDLERS: Final = [create, listed, one, change, remove]
