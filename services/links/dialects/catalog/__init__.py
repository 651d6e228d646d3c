"""The `catalog` dialect: carts of products for members, previews and sessions for buyers, `Authorization: Token`."""

from typing import Final

from services.links.dialects.catalog.auth import challenge
from services.links.dialects.catalog.faults import FIELDS, tell
from services.links.dialects.catalog.openapi import DOCUMENT
from services.links.dialects.catalog.routes import HANDLERS
from services.links.dialects.surface.registry import Dialect

DIALECT: Final = Dialect(
    name="catalog", handlers=HANDLERS, tell=tell, document=DOCUMENT, fields=FIELDS, challenge=challenge
)
