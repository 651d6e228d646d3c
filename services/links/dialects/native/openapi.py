"""The OpenAPI 3.1 document of the native API."""

from typing import Any

from services.links.dialects.native import faults
from services.links.dialects.native.operations import OPERATIONS
from shared.runtime import openapi


def document() -> dict[str, Any]:
    return openapi.document(
        OPERATIONS,
        faults.KINDS,
        title="Paylinks: payment links",
        description="Payment links, products, organizations and API keys. Money is in whole minor units. "
        "Lists are newest first. Refusals are RFC 9457 problems whose `code` never changes.",
    )
