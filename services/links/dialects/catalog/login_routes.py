"""Where a member gets the Token that the document begins with, and gives it back."""

from typing import Final

import msgspec
from litestar import post
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse

from services.links.dialects.catalog import wire
from services.links.dialects.catalog.auth import token_of
from services.links.dialects.catalog.mapping.parts import moment_out
from services.links.dialects.surface.call import AnyRequest, answer_of, decode_body, headers_of, respond, surface_of
from services.links.use_cases.sign_in import sign_in, sign_out

LOGIN: Final = "/catalog/api/login"
LOGOUT: Final = "/catalog/api/logout"
_LOGIN: Final = msgspec.json.Decoder(wire.Login)


@post(LOGIN, status_code=200)
async def log_in(request: AnyRequest) -> ASGIResponse:
    surface = surface_of(request)
    body = decode_body(await request.body(), _LOGIN)
    agent = headers_of(request).get(b"user-agent")
    signed_in = await sign_in(
        surface.pg,
        surface.door,
        email=body.email,
        password=body.password,
        kind="token",
        livemode=body.livemode,
        org_id=body.organization_id,
        now=surface.clock(),
        ip=str(request.scope.get("state", {}).get("client_ip", "unknown")),
        user_agent=agent.decode("latin-1") if agent else None,
    )
    organization = signed_in.organization
    out = wire.LoggedIn(
        access_token=signed_in.token,
        expires_at=moment_out(signed_in.expires_at),
        organization=wire.Organization(id=organization.id, name=organization.name),
    )
    return respond(answer_of(out, status=200), {"cache-control": "no-store"})


@post(LOGOUT, status_code=200)
async def log_out(request: AnyRequest) -> ASGIResponse:
    """What has ended before, or never was a token, is no fault: it opens nothing."""
    surface = surface_of(request)
    token = token_of(headers_of(request))
    ended = await sign_out(surface.pg, surface.door.tokens, token, now=surface.clock()) if token else None
    if ended is not None:
        surface.sessions.forget(ended)
    return ASGIResponse(status_code=204)


HANDLERS: Final[list[HTTPRouteHandler]] = [log_in, log_out]
