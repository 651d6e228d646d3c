"""The `gated` dialect: links for one recipient, behind a code by mail; Bearer JWTs of the merchant's own issuer."""

from typing import Final

from services.links.dialects.gated.auth import challenge
from services.links.dialects.gated.faults import FIELDS, tell
from services.links.dialects.gated.openapi import DOCUMENT
from services.links.dialects.gated.routes import HANDLERS
from services.links.dialects.surface.registry import Dialect

DIALECT: Final = Dialect(
    name="gated", handlers=HANDLERS, tell=tell, document=DOCUMENT, fields=FIELDS, challenge=challenge
)
