"""Who asks: a program with a token that the merchant issued, or a buyer with the token of a code by mail."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, cast

import msgspec

from services.links.dialects.surface.call import AnyRequest, Call, headers_of, surface_of
from services.links.domain.keys import Actor
from services.links.domain.link import Link
from services.links.use_cases.clients import Client, Clients
from services.links.use_cases.otp import Otp
from shared.kernel.faults import Forbidden, Unauthorized, Unavailable

_BEARER: Final = b"bearer "


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A program that may work here; for which organization, its request says."""

    client: Client
    clients: Clients
    now: datetime
    request: AnyRequest

    def call(self, actor: Actor) -> Call:
        return Call(surface=surface_of(self.request), actor=actor, now=self.now, request=self.request)


def token_of(headers: Mapping[bytes, bytes]) -> str | None:
    """The token of `Authorization: Bearer …`; no other header is looked at."""
    authorization = headers.get(b"authorization", b"")
    if authorization[: len(_BEARER)].lower() != _BEARER:
        return None
    return authorization[len(_BEARER) :].strip().decode("latin-1")


def clients_of(request: AnyRequest) -> Clients:
    return cast("Clients", request.app.state.clients)


def otp_of(request: AnyRequest) -> Otp:
    return cast("Otp", request.app.state.otp)


async def begin(request: AnyRequest) -> Caller:
    """Raises: Unauthorized, Forbidden, RateLimited, Unavailable."""
    now, clients = surface_of(request).clock(), clients_of(request)
    client = await clients.known(token_of(headers_of(request)), now=now)
    return Caller(client=client, clients=clients, now=now, request=request)


async def sees_all(request: AnyRequest, link: Link, *, now: datetime) -> bool:
    """Whether the token, if there is one, is this recipient's or of a program that works for the link's organization.

    These routes are open to everyone, so a token that opens nothing is no fault.

    Raises:
        RateLimited.
    """
    token = token_of(headers_of(request))
    if token is None:
        return False
    if await otp_of(request).verify_payment_link_token(token, link, now=now):
        return True
    try:
        client = await clients_of(request).known(token, now=now)
    except (Unauthorized, Forbidden, Unavailable):
        return False
    return client.may_see(link.org_id)


def challenge(_: str) -> str:
    return "Bearer"
