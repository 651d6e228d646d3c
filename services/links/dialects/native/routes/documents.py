"""The document of this API; the gateway shows it as /docs/openapi/links.json."""

from typing import Final

from litestar.handlers import HTTPRouteHandler

from services.links.dialects.native.openapi import document
from shared.runtime.openapi import serve

HANDLERS: Final[list[HTTPRouteHandler]] = [serve(document())]
