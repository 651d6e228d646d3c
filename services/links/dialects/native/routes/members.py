from typing import Final
from uuid import UUID

import msgspec
from litestar import delete, get, patch, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.links.dialects.native.mapping.members import (
    member_draft,
    member_out,
    new_member_draft,
    new_member_out,
)
from services.links.dialects.native.routes.call import Call, NativeRequest, answer_of, begin, ok, respond
from services.links.dialects.native.wire.members import CreateMember, PatchMember
from services.links.domain.member import Member
from services.links.use_cases.manage_members import (
    change_member,
    create_member,
    get_member,
    list_members,
    remove_member,
)
from shared.kernel.answer import Answer
from shared.runtime.body import decode

ROOT: Final = "/v1/members"
_CREATE: Final = msgspec.json.Decoder(CreateMember)
_PATCH: Final = msgspec.json.Decoder(PatchMember)


@post(ROOT)
async def create(request: NativeRequest) -> ASGIResponse:
    call = await begin(request, "members:write")
    body = decode(await call.raw(), _CREATE)
    answer = await create_member(
        call.pg,
        call.actor,
        draft=new_member_draft(body),
        passwords=call.surface.door.passwords,
        key=await call.once("members"),
        seal=call.surface.seal,
        render=lambda member, invitation: _rendered(call, member, invitation),
        now=call.now,
        test_mode=call.surface.test_mode,
    )
    return respond(answer)


@get(ROOT)
async def listed(request: NativeRequest) -> ASGIResponse:
    call = await begin(request, "members:read")
    asked = call.listing()
    found = await list_members(call.pg, call.actor, before=asked.before, limit=asked.limit + 1)
    return ok(asked.page(found, member_out, place=lambda member: member.id))


@get(ROOT + "/{member_id:uuid}")
async def one(request: NativeRequest, member_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "members:read")
    return ok(member_out(await get_member(call.pg, call.actor, member_id)))


@patch(ROOT + "/{member_id:uuid}")
async def change(request: NativeRequest, member_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "members:write")
    member = await change_member(
        call.pg,
        call.actor,
        member_id,
        draft=member_draft(decode(await call.raw(), _PATCH)),
        now=call.now,
        test_mode=call.surface.test_mode,
    )
    call.surface.sessions.forget_all()
    return ok(member_out(member))


@delete(ROOT + "/{member_id:uuid}", status_code=200)
async def remove(request: NativeRequest, member_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "members:write")
    member = await remove_member(call.pg, call.actor, member_id, now=call.now, test_mode=call.surface.test_mode)
    call.surface.sessions.forget_all()
    return ok(member_out(member))


def _rendered(call: Call, member: Member, invitation: str | None) -> Answer:
    return answer_of(new_member_out(member, invitation, public_url=call.surface.public_url), status=201)


HANDLERS: Final = [create, listed, one, change, remove]
