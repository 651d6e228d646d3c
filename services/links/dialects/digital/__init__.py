"""The `digital` dialect: links of products, `session` cookie of the dashboard, `lnk_…` and `prod_…` ids."""

from typing import Final

from services.links.dialects.digital.auth import challenge
from services.links.dialects.digital.faults import FIELDS, tell
from services.links.dialects.digital.openapi import DOCUMENT
from services.links.dialects.digital.routes import HANDLERS
from services.links.dialects.surface.registry import Dialect

DIALECT: Final = Dialect(
    name="digital", handlers=HANDLERS, tell=tell, document=DOCUMENT, fields=FIELDS, challenge=challenge
)
