from functools import cache
from typing import Any, Final

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from services.links.dialects.native.openapi import document


@get("/openapi.json")
async def openapi() -> Response[Any]:
    """The document of this API; the gateway shows it as /docs/openapi/links.json."""
    return Response(_rendered(), media_type="application/json")


@cache
def _rendered() -> bytes:
    return msgspec.json.encode(document())


HANDLERS: Final[list[HTTPRouteHandler]] = [openapi]
