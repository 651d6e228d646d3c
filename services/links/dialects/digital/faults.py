"""The document shows no refusal: `success` is false, and `error` says what is wrong and how it is called."""

from typing import Final

import msgspec
from msgspec import UNSET

from services.links.dialects.digital.auth import NotJson
from services.links.dialects.digital.wire import Error, Refused
from services.links.dialects.surface.registry import JSON, Told
from shared.runtime import problems
from shared.runtime.problems import ProblemKind, Telling

_json: Final = msgspec.json.Encoder()
FIELDS: Final = {
    "uses_max": "max_uses",
    "methods": "payment_methods",
    "pricing.amount_minor": "price",
    "pricing": "product_id",
}
_WORDS: Final = {
    "unauthorized": "Sign in to the dashboard: the session cookie is missing or has ended.",
    "slug_taken": "This slug is taken: choose another one.",
    "link_ended": "The link was deleted, which cannot be undone.",
    "product_archived": "The product is archived: bring it back first.",
}
_NOT_FOUND: Final = {"product": "There is no such product.", "payment_link": "There is no such link."}

problems.register(
    {
        NotJson.code: ProblemKind(415, "Only JSON is taken here", "Send Content-Type: application/json."),
    }
)


def tell(told: Told) -> Telling:
    message = told.in_words(_WORDS, _NOT_FOUND)
    error = Error(code=told.code, message=message, field=told.values.get("field") or UNSET)
    return Telling(told.status, _json.encode(Refused(error=error)), JSON)
