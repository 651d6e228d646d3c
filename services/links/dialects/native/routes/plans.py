from decimal import Decimal
from typing import Final
from uuid import UUID

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.links.dialects.native.mapping.catalog import plan_draft, plan_out
from services.links.dialects.native.routes.call import NativeRequest, answer_of, begin, ok, respond
from services.links.dialects.native.routes.query import active_of, currency_of
from services.links.dialects.native.wire.catalog import CreatePlan, PatchPlan
from services.links.domain.plan import Plan, PlanDraft
from services.links.use_cases.manage_plans import create_plan, get_plan, list_plans, patch_plan
from shared.kernel.answer import Answer
from shared.runtime.body import decode

ROOT: Final = "/v1/plans"
_CREATE: Final = msgspec.json.Decoder(CreatePlan, float_hook=Decimal)
_PATCH: Final = msgspec.json.Decoder(PatchPlan, float_hook=Decimal)


@post(ROOT)
async def create(request: NativeRequest) -> ASGIResponse:
    call = await begin(request, "plans:write")
    body = decode(await call.raw(), _CREATE)
    answer = await create_plan(
        call.pg,
        call.actor,
        draft=plan_draft(body),
        key=await call.once("plans"),
        render=_rendered,
        now=call.now,
    )
    return respond(answer)


@get(ROOT)
async def listed(request: NativeRequest) -> ASGIResponse:
    call = await begin(request, "plans:read")
    asked = call.listing(("active", "currency"))
    found = await list_plans(
        call.pg,
        call.actor,
        before=asked.before,
        limit=asked.limit + 1,
        active=active_of(asked),
        currency=currency_of(asked),
    )
    return ok(asked.page(found, plan_out, place=lambda plan: plan.id))


@get(ROOT + "/{plan_id:uuid}")
async def one(request: NativeRequest, plan_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "plans:read")
    plan = await get_plan(call.pg, call.actor, plan_id)
    return ok(plan_out(plan), revision=plan.revision)


@patch(ROOT + "/{plan_id:uuid}")
async def change(request: NativeRequest, plan_id: FromPath[UUID]) -> ASGIResponse:
    return await _change(request, plan_id, None)


@delete(ROOT + "/{plan_id:uuid}", status_code=200)
async def remove(request: NativeRequest, plan_id: FromPath[UUID]) -> ASGIResponse:
    """Archives: links that were made from it keep it."""
    return await _change(request, plan_id, PlanDraft(active=False))


async def _change(request: NativeRequest, plan_id: UUID, draft: PlanDraft | None) -> ASGIResponse:
    call = await begin(request, "plans:write")
    plan = await patch_plan(
        call.pg,
        call.actor,
        plan_id,
        draft=draft or plan_draft(decode(await call.raw(), _PATCH)),
        expects=call.expects(),
        now=call.now,
    )
    return ok(plan_out(plan), revision=plan.revision)


def _rendered(plan: Plan) -> Answer:
    return answer_of(plan_out(plan), status=201, revision=plan.revision)


HANDLERS: Final = [create, listed, one, change, remove]
