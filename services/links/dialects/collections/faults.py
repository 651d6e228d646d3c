"""The document shows no refusal. Its envelope says `status`, so a refusal says `error` there, and what to do."""

from typing import Final

import msgspec
from msgspec import UNSET

from services.links.dialects.collections.wire import Refused
from services.links.dialects.surface.registry import JSON, Told
from shared.runtime.problems import Telling

_json: Final = msgspec.json.Encoder()
_WORDS: Final = {
    "unauthorized": "The API key is missing or wrong: send it as X-DGS-API-Key.",
    "not_found": "There is no such payment link.",
    "slug_taken": "The slug is taken: choose another, or leave it out.",
    "link_ended": "The payment link is archived, which cannot be undone: create a new one.",
    "unknown_currency": "currency must be an ISO 4217 code such as RWF.",
}
FIELDS: Final = {
    "pricing.amount_minor": "amount",
    "pricing.min_minor": "min_amount",
    "pricing.max_minor": "max_amount",
    "success_url": "redirect_url",
    "uses_max": "max_uses",
    "methods": "payment_types",
    "branding.logo_url": "logo_url",
}


def tell(told: Told) -> Telling:
    field = "currency" if told.code == "unknown_currency" else told.values.get("field")
    words = _WORDS.get(told.code) or told.sentence
    return Telling(told.status, _json.encode(Refused(message=words, code=told.code, field=field or UNSET)), JSON)
