"""The `core` dialect: instant, product and plan links, `X-API-Key`, prices in the smallest unit, numbered pages."""

from typing import Final

from services.links.dialects.core.auth import challenge
from services.links.dialects.core.faults import FIELDS, tell
from services.links.dialects.core.openapi import DOCUMENT
from services.links.dialects.core.routes import HANDLERS
from services.links.dialects.surface.registry import Dialect

DIALECT: Final = Dialect(
    name="core", handlers=HANDLERS, tell=tell, document=DOCUMENT, fields=FIELDS, challenge=challenge
)
