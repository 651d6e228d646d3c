"""What a call of any dialect works with, once it is known who asks."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, TypeVar, cast

import msgspec
from litestar import Request
from litestar.response.base import ASGIResponse

from services.links.dialects.surface.surface import Surface
from services.links.domain.keys import Actor, Scope
from services.links.domain.link import Link
from shared.kernel.answer import Answer, key_of
from shared.kernel.faults import Fault, Invalid, NotFound
from shared.runtime.body import BODY_BYTES_MAX, decode
from shared.runtime.http import ReadyAnswer, encoded
from shared.runtime.postgres import Postgres

ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
QUERY_CHARS_MAX: Final = 200
_T = TypeVar("_T")
AnyRequest = Request[Any, Any, Any]


class TooLarge(Fault):
    """The body has more than `BODY_BYTES_MAX` bytes."""

    code = "payload_too_large"


class Call(msgspec.Struct, frozen=True, kw_only=True):
    surface: Surface
    actor: Actor
    now: datetime
    request: AnyRequest

    @property
    def pg(self) -> Postgres:
        return self.surface.pg

    @property
    def public_url(self) -> str:
        return self.surface.public_url

    @property
    def pages_url(self) -> str:
        """The origin of the buyer's pages: the merchant's own, where there is one."""
        return self.actor.organization.checkout_url or self.surface.public_url

    @property
    def test_mode(self) -> bool:
        return self.surface.test_mode

    async def raw(self) -> bytes:
        return await self.request.body()

    def query(self, *known: str) -> dict[str, str]:
        """The query, each name at most once; what is not `known` is left out, as most clients expect.

        Raises:
            Invalid: a known name stands twice, or is longer than any of its values can be.
        """
        found: dict[str, str] = {}
        for name, value in self.request.query_params.multi_items():
            if name in known:
                if name in found or len(value) > QUERY_CHARS_MAX:
                    raise Invalid(name, "must stand once, and be short")
                found[name] = value
        return found


def surface_of(request: AnyRequest) -> Surface:
    return cast("Surface", request.app.state.surface)


def headers_of(request: AnyRequest) -> Mapping[bytes, bytes]:
    return dict(request.scope["headers"])


def idempotency_key(headers: Mapping[bytes, bytes]) -> str | None:
    """Raises: Invalid: more than a key."""
    key = headers.get(b"idempotency-key")
    return None if key is None else key_of(key.decode("latin-1"))


def decode_body(raw: bytes, decoder: "msgspec.json.Decoder[_T]") -> _T:
    """The body as `decoder`'s type.

    Raises:
        Invalid, TooLarge.
    """
    if len(raw) > BODY_BYTES_MAX:
        raise TooLarge
    return decode(raw, decoder)


async def begin_with_key(request: AnyRequest, token: str | None, scope: Scope) -> Call:
    """A call by an API key, wherever the dialect carries it.

    Raises:
        Unauthorized, Forbidden, RateLimited.
    """
    surface = surface_of(request)
    now = surface.clock()
    actor = await surface.authenticator.actor(token, scope, now=now)
    return Call(surface=surface, actor=actor, now=now, request=request)


async def begin_with_session(request: AnyRequest, token: str | None, scope: Scope) -> Call:
    """A call by a member who has signed in.

    Raises:
        Unauthorized, Forbidden, RateLimited.
    """
    surface = surface_of(request)
    now = surface.clock()
    actor = await surface.sessions.actor(token, scope, now=now)
    return Call(surface=surface, actor=actor, now=now, request=request)


def answer_of(body: msgspec.Struct, *, status: int, revision: int | None = None) -> Answer:
    return Answer(status=status, body=ENCODER.encode(body), revision=revision)


def respond(answer: Answer, headers: Mapping[str, str] | None = None) -> ASGIResponse:
    return ReadyAnswer(answer.body, status=answer.status, headers=encoded(headers) if headers else ())


def ok(body: msgspec.Struct, *, status: int = 200) -> ASGIResponse:
    return respond(answer_of(body, status=status))


def shown(link: Link) -> Link:
    """The link, unless it was deleted: in the dialects that delete, it is gone then.

    Raises:
        NotFound.
    """
    if link.ended_as == "deleted":
        raise NotFound("payment_link")
    return link


def any_revision(_: int) -> bool:
    """The five documents know no revisions: the last change wins."""
    return True
