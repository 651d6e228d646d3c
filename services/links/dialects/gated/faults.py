"""The document shows no refusal: `error` says what is wrong, beside a code that never changes."""

from typing import Final

import msgspec
from msgspec import UNSET

from services.links.dialects.gated.wire import Error, Refused
from services.links.dialects.surface.registry import JSON, Told
from services.links.use_cases.otp import OtpRejected
from shared.runtime import problems
from shared.runtime.problems import ProblemKind, Telling

_json: Final = msgspec.json.Encoder()
_WORDS: Final = {
    "unauthorized": "Send a token as 'Authorization: Bearer …': it is missing, wrong or over.",
    "forbidden": "The token names neither the role internal-admin nor, with an org_id, org-admin.",
    "otp_rejected": "The code is not right, or its time is over: check it, or ask for a new one.",
    "unknown_currency": "currency must be an ISO 4217 code such as NGN.",
}
FIELDS: Final = {
    "pricing.amount_minor": "payment_amount",
    "pricing": "payment_amount",
    "recipient.email": "email",
    "recipient": "email",
    "reference": "transaction_id",
    # It follows from the schedule and the organization's lifetime.
    "expires_at": "scheduled_at",
}
_NOT_FOUND: Final = {"organization": "There is no such organization.", "payment_link": "There is no such payment link."}

problems.register(
    {
        OtpRejected.code: ProblemKind(
            401, "The code is not right, or its time is over", "Check the code, or ask for a new one."
        ),
    }
)


def tell(told: Told) -> Telling:
    message = told.in_words(_WORDS, _NOT_FOUND)
    field = "currency" if told.code == "unknown_currency" else told.values.get("field")
    error = Error(code=told.code, message=message, field=field or UNSET)
    return Telling(told.status, _json.encode(Refused(error=error)), JSON)
