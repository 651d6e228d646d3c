"""The `collections` dialect: fixed and flexible amounts, `X-DGS-API-Key`, times as `YYYY-MM-DD HH:MM:SS` in UTC."""

from typing import Final

from services.links.dialects.collections.auth import challenge
from services.links.dialects.collections.faults import FIELDS, tell
from services.links.dialects.collections.openapi import DOCUMENT
from services.links.dialects.collections.routes import HANDLERS
from services.links.dialects.surface.registry import Dialect

DIALECT: Final = Dialect(
    name="collections", handlers=HANDLERS, tell=tell, document=DOCUMENT, fields=FIELDS, challenge=challenge
)
