"""What every native handler does first and last: who asks, for what, once; and the answer as bytes."""

import base64
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeVar
from uuid import UUID

import msgspec
from litestar.response.base import ASGIResponse

from services.links.dialects.native.auth import is_session, token_of
from services.links.dialects.native.wire.common import Page
from services.links.dialects.surface import call as calls
from services.links.dialects.surface.call import AnyRequest, answer_of, headers_of, idempotency_key, surface_of
from services.links.domain.keys import Scope
from services.links.use_cases.expected import ExpectsRevision
from shared.kernel.answer import Answer, Once, fingerprint
from shared.kernel.faults import Invalid

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 100
_ETAG: Final = re.compile(r'(?:W/)?"?(\d{1,9})"?')
_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_ACTIVE: Final = {None: None, "true": True, "false": False}
_CURSOR_BYTES: Final = 16

_Item = TypeVar("_Item")
_Out = TypeVar("_Out")
NativeRequest = AnyRequest


class Call(calls.Call, frozen=True, kw_only=True):
    headers: Mapping[bytes, bytes]

    def header(self, name: bytes) -> str | None:
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    async def once(self, route: str) -> Once | None:
        """The Idempotency-Key of this request, if it has one."""
        key = idempotency_key(self.headers)
        if key is None:
            return None
        path = self.request.scope["path"]
        return Once(
            scope=self.actor.scope,
            route=f"native {route}",
            key=key,
            fingerprint=fingerprint(self.request.method, path, await self.raw()),
        )

    def expects(self) -> ExpectsRevision:
        """`If-Match` as a test of the present revision; without it any will do."""
        header = self.header(b"if-match")
        if header is None or header.strip() == "*":
            return lambda _: True
        matches = [_ETAG.fullmatch(part.strip()) for part in header.split(",")]
        if not all(matches):
            raise Invalid("If-Match", "must be the ETag of an earlier answer, such as '\"3\"'")
        revisions = {int(match[1]) for match in matches if match}
        return lambda revision: revision in revisions


async def begin(request: NativeRequest, scope: Scope) -> Call:
    surface = surface_of(request)
    now = surface.clock()
    headers = headers_of(request)  # Litestar's own mapping costs as much as all of mapping and wire
    token = token_of(headers)
    who = surface.sessions if is_session(token) else surface.authenticator
    actor = await who.actor(token, scope, now=now)
    return Call(surface=surface, actor=actor, now=now, request=request, headers=headers)


def respond(answer: Answer) -> ASGIResponse:
    headers: dict[str, str] = {}
    if answer.revision is not None:
        headers["etag"] = f'"{answer.revision}"'
    if answer.replayed:
        headers["idempotent-replayed"] = "true"
    return calls.respond(answer, headers)


def ok(body: msgspec.Struct, *, revision: int | None = None) -> ASGIResponse:
    return respond(answer_of(body, status=200, revision=revision))


class Listing(msgspec.Struct, frozen=True):
    """What a list was asked for. `after` is the place of the last thing that the caller has seen."""

    limit: int
    after: str | None
    filters: Mapping[str, str]

    @property
    def active(self) -> bool | None:
        """The filter `active`; None is both.

        Raises:
            Invalid: it is neither true nor false.
        """
        active = self.filters.get("active")
        if active not in _ACTIVE:
            raise Invalid("active", "must be true or false")
        return _ACTIVE[active]

    @property
    def currency(self) -> str | None:
        """The filter `currency`.

        Raises:
            Invalid: it is not shaped like a currency.
        """
        currency = self.filters.get("currency")
        if currency is not None and not _CURRENCY.fullmatch(currency):
            raise Invalid("currency", "must be an ISO 4217 code such as 'UGX'")
        return currency

    @property
    def before(self) -> UUID | None:
        """The place in lists that go down by id.

        Raises:
            Invalid: the cursor was not made by such a list.
        """
        if self.after is None:
            return None
        raw = self.after.encode("latin-1")
        if len(raw) != _CURSOR_BYTES:
            raise Invalid("cursor", "is not one of ours")
        return UUID(bytes=raw)


def listing(request: NativeRequest, filters: Iterable[str] = ()) -> Listing:
    """The query of a list.

    Raises:
        Invalid: a name that is not known or stands twice, a limit out of bounds, a cursor that is not ours.
    """
    query: dict[str, str] = {}
    for name, value in request.query_params.multi_items():
        if name not in {"limit", "cursor", *filters}:
            raise Invalid(name[:64], "is not a parameter of this list")
        if name in query:
            raise Invalid(name, "must stand once")
        query[name] = value
    limit = query.pop("limit", str(LIMIT_DEFAULT))
    if not (limit.isascii() and limit.isdigit() and len(limit) < 4 and 1 <= int(limit) <= LIMIT_MAX):  # noqa: PLR2004 - digits
        raise Invalid("limit", f"must be from 1 to {LIMIT_MAX}")
    cursor = query.pop("cursor", None)
    return Listing(int(limit), None if cursor is None else _decoded(cursor), query)


def page_of(
    found: Sequence[_Item], asked: Listing, *, out: Callable[[_Item], _Out], place: Callable[[_Item], UUID | str]
) -> ASGIResponse:
    """`found` holds one more than was asked for, if there is more."""
    shown = found[: asked.limit]
    more = len(found) > len(shown)
    cursor = cursor_of(place(shown[-1])) if more else None
    return ok(Page([out(item) for item in shown], more, cursor))


def cursor_of(place: UUID | str) -> str:
    raw = place.bytes if isinstance(place, UUID) else place.encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _decoded(cursor: str) -> str:
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True)
    except ValueError:
        raise Invalid("cursor", "is not one of ours") from None
    return raw.decode("latin-1")
