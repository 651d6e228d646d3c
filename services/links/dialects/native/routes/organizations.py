from typing import Final
from uuid import UUID

import msgspec
from litestar import get, patch
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from services.links.dialects.native.mapping.account import organization_draft, organization_out
from services.links.dialects.native.routes.call import NativeRequest, begin, ok
from services.links.dialects.native.wire.account import PatchOrganization
from services.links.use_cases.manage_organization import own_organization, patch_organization
from shared.runtime.body import decode

ROOT: Final = "/v1/organizations"
_PATCH: Final = msgspec.json.Decoder(PatchOrganization)


@get(ROOT + "/current")
async def current(request: NativeRequest) -> ASGIResponse:
    call = await begin(request, "organization:read")
    return ok(organization_out(call.actor.organization), revision=call.actor.organization.revision)


@get(ROOT + "/{org_id:uuid}")
async def one(request: NativeRequest, org_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "organization:read")
    organization = own_organization(call.actor, org_id)
    return ok(organization_out(organization), revision=organization.revision)


@patch(ROOT + "/{org_id:uuid}")
async def change(request: NativeRequest, org_id: FromPath[UUID]) -> ASGIResponse:
    call = await begin(request, "organization:write")
    body = decode(await call.raw(), _PATCH)
    organization = await patch_organization(
        call.pg,
        call.actor,
        org_id,
        draft=organization_draft(body),
        expects=call.expects(),
        now=call.now,
        test_mode=call.surface.test_mode,
    )
    call.surface.authenticator.forget_all()
    call.surface.wake()
    return ok(organization_out(organization), revision=organization.revision)


HANDLERS: Final = [current, one, change]
