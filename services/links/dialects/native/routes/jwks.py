"""`/.well-known/jwks.json`: the keys that tokens of gated links are checked with, for whoever checks them elsewhere."""

from typing import Any, Final

import msgspec
from litestar import Response, get

from services.links.use_cases.signing_keys import SigningKeys
from shared.kernel.moment import Clock

_HEADERS: Final = {"cache-control": "public, max-age=300"}
"""A key is here a day before it signs, so five minutes hide none."""


def jwks_route(keys: SigningKeys, clock: Clock) -> Any:
    @get("/.well-known/jwks.json", include_in_schema=False)
    async def read_jwks() -> Response[bytes]:
        body = msgspec.json.encode(await keys.published(clock()))
        return Response(body, media_type="application/jwk-set+json", headers=_HEADERS)

    return read_jwks
