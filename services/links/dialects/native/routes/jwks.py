"""`/.well-known/jwks.json`: the keys that tokens of gated links are checked with, for whoever checks them elsewhere."""

from typing import Final, cast

import msgspec
from litestar import Response, get

from services.links.dialects.native.routes.call import NativeRequest
from services.links.dialects.surface.call import surface_of
from services.links.use_cases.signing_keys import SigningKeys

_HEADERS: Final = {"cache-control": "public, max-age=300"}
"""A key is here a day before it signs, so five minutes hide none."""


@get("/.well-known/jwks.json", include_in_schema=False)
async def read_jwks(request: NativeRequest) -> Response[bytes]:
    keys = cast("SigningKeys", request.app.state.signing_keys)
    body = msgspec.json.encode(await keys.published(surface_of(request).clock()))
    return Response(body, media_type="application/jwk-set+json", headers=_HEADERS)


HANDLERS: Final = [read_jwks]
