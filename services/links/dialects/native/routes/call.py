"""What every native handler does first and last: who asks, for what, once; and the answer as bytes."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
from litestar.response.base import ASGIResponse

from services.links.dialects.native.auth import is_session, token_of
from services.links.dialects.surface import call as calls
from services.links.dialects.surface.call import AnyRequest, answer_of, headers_of, idempotency_key, surface_of
from services.links.domain.keys import Scope
from services.links.use_cases.expected import ExpectsRevision
from shared.kernel.answer import Answer, Once, fingerprint
from shared.kernel.faults import Invalid
from shared.runtime.listing import Listing, listing

_ETAG: Final = re.compile(r'(?:W/)?"?(\d{1,9})"?')

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

    def listing(self, filters: Iterable[str] = ()) -> Listing:
        """Raises: Invalid."""
        return listing(self.request.query_params.multi_items(), filters)

    def expects(self) -> ExpectsRevision:
        """`If-Match` as a test of the present revision; without it any will do.

        Raises:
            Invalid: it holds no ETag of ours.
        """
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
