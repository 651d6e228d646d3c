from typing import Final

from litestar.handlers import HTTPRouteHandler

from services.links.dialects.native.routes import documents, keys, links, organizations, products

HANDLERS: Final[list[HTTPRouteHandler]] = [
    *links.HANDLERS,
    *products.HANDLERS,
    *organizations.HANDLERS,
    *keys.HANDLERS,
    *documents.HANDLERS,
]
