"""Signing in and out, and what a member does for themselves."""

from typing import Any, Final

import msgspec
from litestar import get, post
from litestar.response.base import ASGIResponse

from services.links.dialects.native.auth import is_session, token_of
from services.links.dialects.native.mapping.members import logged_in_out, me_out
from services.links.dialects.native.routes.call import NativeRequest, begin, ok
from services.links.dialects.native.wire.members import (
    AcceptInvitation,
    ChangePassword,
    LoggedOut,
    Login,
    PasswordChanged,
)
from services.links.dialects.surface.call import surface_of
from services.links.dialects.surface.surface import Surface
from services.links.domain.member import LoginKind, SignedIn
from services.links.use_cases.accept_invitation import accept_invitation
from services.links.use_cases.session_tokens import set_cookie
from services.links.use_cases.set_password import change_password
from services.links.use_cases.sign_in import sign_in, sign_out
from shared.kernel.faults import Forbidden
from shared.runtime.body import decode
from shared.runtime.csrf import require_own_page

_LOGIN: Final = msgspec.json.Decoder(Login)
_ACCEPT: Final = msgspec.json.Decoder(AcceptInvitation)
_PASSWORD: Final = msgspec.json.Decoder(ChangePassword)


@post("/v1/login")
async def log_in(request: NativeRequest) -> ASGIResponse:
    surface = surface_of(request)
    body = decode(await request.body(), _LOGIN)
    _check_site(request, body.kind)
    signed_in = await sign_in(
        surface.pg,
        surface.door,
        email=body.email,
        password=body.password,
        kind=body.kind,
        livemode=body.livemode,
        org_id=body.organization_id,
        now=surface.clock(),
        **_from(request),
    )
    return _welcomed(surface, signed_in)


@post("/v1/login/invitation")
async def accept(request: NativeRequest) -> ASGIResponse:
    surface = surface_of(request)
    body = decode(await request.body(), _ACCEPT)
    _check_site(request, body.kind)
    signed_in = await accept_invitation(
        surface.pg,
        surface.door,
        invitation=body.invitation,
        password=body.password,
        name=body.name,
        kind=body.kind,
        livemode=body.livemode,
        now=surface.clock(),
        **_from(request),
    )
    return _welcomed(surface, signed_in)


@post("/v1/logout", status_code=200)
async def log_out(request: NativeRequest) -> ASGIResponse:
    """By the token alone: the cookie is the dashboard's, whose form is guarded against other sites."""
    surface = surface_of(request)
    token = token_of(dict(request.scope["headers"]))
    if token is not None and is_session(token):
        ended = await sign_out(surface.pg, surface.door.tokens, token, now=surface.clock())
        if ended is not None:
            surface.sessions.forget(ended)
    return ok(LoggedOut())


@get("/v1/me")
async def me(request: NativeRequest) -> ASGIResponse:
    call = await begin(request, "organization:read")
    token = token_of(call.headers)
    if not is_session(token):
        return ok(me_out(call.actor, None, None))
    session = await call.surface.sessions.session(token, now=call.now)
    return ok(me_out(session.actor, session.member, session.login))


@post("/v1/me/password", status_code=200)
async def password(request: NativeRequest) -> ASGIResponse:
    call = await begin(request, "organization:read")
    token = token_of(call.headers)
    if not is_session(token):
        raise Forbidden("session")
    session = await call.surface.sessions.session(token, now=call.now)
    body = decode(await call.raw(), _PASSWORD)
    await change_password(
        call.pg,
        call.surface.door,
        session,
        current=body.current_password,
        new=body.new_password,
        now=call.now,
        ip=_from(request)["ip"],
    )
    call.surface.sessions.forget_all()
    return ok(PasswordChanged(changed_at=call.now))


def _check_site(request: NativeRequest, kind: LoginKind) -> None:
    """A form of another site must not sign its visitors in as somebody else.

    Raises:
        OtherSite.
    """
    if kind == "cookie":
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
        require_own_page(headers, own=surface_of(request).public_url.rstrip("/"))


def _from(request: NativeRequest) -> dict[str, Any]:
    """Where a sign-in comes from."""
    agent = dict(request.scope["headers"]).get(b"user-agent")
    return {
        "ip": request.scope.get("state", {}).get("client_ip", "unknown"),
        "user_agent": agent.decode("latin-1") if agent else None,
    }


def _welcomed(surface: Surface, signed_in: SignedIn) -> ASGIResponse:
    headers = [("cache-control", "no-store")]
    if signed_in.login.kind == "cookie":
        lasts = signed_in.expires_at - signed_in.login.created_at
        cookie = set_cookie(signed_in.token, lasts=lasts, secure=surface.public_url.startswith("https:"))
        headers.append(("set-cookie", cookie))
    body = msgspec.json.encode(logged_in_out(signed_in))
    return ASGIResponse(body=body, status_code=201, media_type="application/json", headers=headers)


HANDLERS: Final = [log_in, accept, log_out, me, password]
