"""What every merchant route of checkout and notify does first and last: who asks, once; and the answer as bytes."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec
from litestar import Request
from litestar.response.base import ASGIResponse

from shared.kernel.answer import Answer, Once, fingerprint, key_of
from shared.kernel.moment import Clock
from shared.runtime.body import decode
from shared.runtime.callers import Caller, Callers
from shared.runtime.http import ReadyAnswer
from shared.runtime.listing import Listing, listing

ENCODER: Final = msgspec.json.Encoder(decimal_format="number")
_REPLAYED: Final = ((b"idempotent-replayed", b"true"),)
_T = TypeVar("_T")
AnyRequest = Request[Any, Any, Any]


class Call(msgspec.Struct, frozen=True, kw_only=True):
    caller: Caller
    now: datetime
    request: AnyRequest
    headers: Mapping[str, str]

    async def body(self, decoder: "msgspec.json.Decoder[_T]") -> _T:
        """Raises: Invalid, with the path of the field that is wrong."""
        return decode(await self.request.body(), decoder)

    async def once(self, route: str) -> Once | None:
        """The Idempotency-Key of this request, if it has one.

        Raises:
            Invalid: more than a key.
        """
        key = key_of(self.headers.get("idempotency-key"))
        if key is None:
            return None
        digest = fingerprint(self.request.method, self.request.scope["path"], await self.request.body())
        return Once(scope=self.caller.scope, route=f"native {route}", key=key, fingerprint=digest)

    def listing(self, filters: Iterable[str] = ()) -> Listing:
        """Raises: Invalid."""
        return listing(self.request.query_params.multi_items(), filters)


async def begin(request: AnyRequest, callers: Callers, scope: str, *, clock: Clock) -> Call:
    """Raises: Unauthorized, OtherSite, Forbidden, RateLimited, Unavailable."""
    now = clock()
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.scope["headers"]}
    caller = await callers.caller(headers, scope, now=now, method=request.method)
    return Call(caller=caller, now=now, request=request, headers=headers)


def answer_of(body: msgspec.Struct, *, status: int) -> Answer:
    return Answer(status=status, body=ENCODER.encode(body))


def respond(answer: Answer) -> ASGIResponse:
    return ReadyAnswer(answer.body, status=answer.status, headers=_REPLAYED if answer.replayed else ())


def ok(body: msgspec.Struct) -> ASGIResponse:
    return respond(answer_of(body, status=200))
