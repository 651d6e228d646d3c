"""The document names 400, 401, 404 and 500, and leaves their body to a guide that is not public.

Here `success` is false, and `error` says what is wrong, beside a code that never changes.
"""

from typing import Final

import msgspec
from msgspec import UNSET

from services.links.dialects.core.wire import Error, Refused
from services.links.dialects.surface.registry import JSON, Told
from shared.runtime.problems import Telling

_json: Final = msgspec.json.Encoder()
_WORDS: Final = {
    "unauthorized": "The API key is missing or wrong: send it in the X-API-Key header.",
    "link_ended": "The payment link was deleted or archived, which cannot be undone.",
    "product_archived": "The product is archived: bring it back, or name another.",
    "plan_archived": "The plan is archived: bring it back, or name another.",
    "price_missing": "It has no price in this currency_code.",
    "unknown_currency": "currency_code must be a 3-letter ISO code such as XOF.",
}
_WRONG_FIELD: Final = {"price_missing": "currency_code", "unknown_currency": "currency_code"}
"""What is a wrong value here: the document answers all of those with 400."""
FIELDS: Final = {
    "pricing.amount_minor": "price",
    "description": "public_description",
    "private_note": "private_description",
    "providers": "allowed_providers",
}
_NOT_FOUND: Final = {
    "product": "There is no such product.",
    "plan": "There is no such plan.",
    "payment_link": "There is no such payment link.",
}


def tell(told: Told) -> Telling:
    field = _WRONG_FIELD.get(told.code) or told.values.get("field")
    error = Error(code=told.code, message=told.in_words(_WORDS, _NOT_FOUND), field=field or UNSET)
    status = 400 if told.code in _WRONG_FIELD else told.status
    return Telling(status, _json.encode(Refused(error=error)), JSON)
