import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from services.links.dialects.surface.openapi import Document


def serve(document: Document) -> HTTPRouteHandler:
    """The document of a dialect at `<root>/openapi.json`, for everyone."""
    rendered = msgspec.json.encode(document.render())

    @get(f"{document.root}/openapi.json")
    async def openapi() -> Response[bytes]:
        return Response(rendered, media_type="application/json")

    return openapi
