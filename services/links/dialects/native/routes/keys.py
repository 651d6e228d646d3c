from typing import Final

import msgspec
from litestar import delete, get, post
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.links.dialects.native.mapping.account import key_draft, key_out, new_key_out
from services.links.dialects.native.routes.call import NativeRequest, answer_of, begin, ok, respond
from services.links.dialects.native.wire.account import CreateApiKey, RotateApiKey
from services.links.domain.keys import OVERLAP_SECONDS_DEFAULT, ApiKey, is_key_id
from services.links.use_cases.manage_keys import create_key, get_key, list_keys, revoke_key, rotate_key
from shared.kernel.answer import Answer
from shared.kernel.faults import Invalid, NotFound
from shared.runtime.body import decode

ROOT: Final = "/v1/api-keys"
_CREATE: Final = msgspec.json.Decoder(CreateApiKey)
_ROTATE: Final = msgspec.json.Decoder(RotateApiKey)


@post(ROOT)
async def create(request: NativeRequest) -> ASGIResponse:
    call = await begin(request, "keys:write")
    body = decode(await call.raw(), _CREATE)
    answer = await create_key(
        call.pg,
        call.actor,
        draft=key_draft(body),
        key=await call.once("api-keys"),
        seal=call.surface.seal,
        render=_rendered,
        now=call.now,
    )
    return respond(answer)


@get(ROOT)
async def listed(request: NativeRequest) -> ASGIResponse:
    call = await begin(request, "keys:write")
    asked = call.listing()
    found = await list_keys(call.pg, call.actor, before=_place(asked.after), limit=asked.limit + 1)
    return ok(asked.page(found, key_out, place=lambda key: key.id))


@get(ROOT + "/{key_id:str}")
async def one(request: NativeRequest, key_id: FromPath[str]) -> ASGIResponse:
    call = await begin(request, "keys:write")
    return ok(key_out(await get_key(call.pg, call.actor, _known(key_id))))


@delete(ROOT + "/{key_id:str}", status_code=200)
async def revoke(request: NativeRequest, key_id: FromPath[str]) -> ASGIResponse:
    call = await begin(request, "keys:write")
    key = await revoke_key(call.pg, call.actor, _known(key_id), now=call.now)
    call.surface.authenticator.forget(key_id)
    return ok(key_out(key))


@post(ROOT + "/{key_id:str}/rotate")
async def rotate(request: NativeRequest, key_id: FromPath[str]) -> ASGIResponse:
    call = await begin(request, "keys:write")
    raw = await call.raw()
    answer = await rotate_key(
        call.pg,
        call.actor,
        _known(key_id),
        overlap_seconds=decode(raw, _ROTATE).overlap_seconds if raw else OVERLAP_SECONDS_DEFAULT,
        key=await call.once("api-keys/rotate"),
        seal=call.surface.seal,
        render=_rendered,
        now=call.now,
    )
    call.surface.authenticator.forget(key_id)
    return respond(answer)


def _known(key_id: str) -> str:
    """Ids of keys are plain letters and digits: nothing else is looked up."""
    if not is_key_id(key_id):
        raise NotFound("api_key")
    return key_id


def _place(cursor: str | None) -> str | None:
    if cursor is not None and not is_key_id(cursor):
        raise Invalid("cursor", "is not one of ours")
    return cursor


def _rendered(key: ApiKey, bearer: str) -> Answer:
    return answer_of(new_key_out(key, bearer), status=201)


HANDLERS: Final = [create, listed, one, revoke, rotate]
