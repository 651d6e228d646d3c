"""The OpenAPI 3.1 document of notify's API for merchants."""

from typing import Any, Final

from services.notify.web.mail_operations import MAIL_OPERATIONS
from services.notify.web.problems import OURS
from services.notify.web.webhook_operations import WEBHOOK_OPERATIONS
from shared.runtime import openapi

OPERATIONS: Final = (*WEBHOOK_OPERATIONS, *MAIL_OPERATIONS)


def document() -> dict[str, Any]:
    return openapi.document(
        OPERATIONS,
        OURS,
        title="Paylinks notify",
        description="Webhooks: where events are sent, what was sent, and sending it again. What they say is in "
        "docs/events.md, how to receive them in docs/webhooks.md. An API key sees what is of its own mode.",
    )
