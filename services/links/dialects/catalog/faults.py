"""Refusals as the document's framework writes them: by field where values are wrong, else one `detail`.

`code` beside it never changes.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET

from services.links.dialects.catalog.wire import Refused, Wrong
from services.links.dialects.surface.numbers import major_text
from services.links.dialects.surface.registry import JSON, Told
from services.links.domain.faults import CheckoutRefused, LinkGated, LinkUnavailable
from shared.kernel.money import Money
from shared.runtime import problems
from shared.runtime.problems import ProblemKind, Telling

_json: Final = msgspec.json.Encoder()
_WORDS: Final = {
    "unauthorized": "Send 'Authorization: Token <access_token>' of a signed-in member here; an Api-Key opens "
    "/checkout/create/ alone.",
    "sign_in_refused": "The e-mail address or the password is wrong.",
    "forbidden": "You do not have permission to do this.",
    "link_ended": "The payment link was archived or revoked, which cannot be undone.",
    "link_gated": "This payment link opens for its recipient only, at its own page.",
    "method_not_allowed": "This method is not allowed here.",
    "all_uses_held": "Somebody else is paying the last use right now: try again in a few minutes.",
    "provider_not_connected": "The merchant cannot take live payments yet.",
    "method_unavailable": "Nobody can take a payment by any method of this link.",
}
_UNAVAILABLE: Final = {
    "expired": "This payment link has expired.",
    "exhausted": "This payment link has been used up.",
}
_NOT_FOUND: Final = {"product": "There is no such product.", "payment_link": "There is no such payment link."}
_WRONG_FIELD: Final = {
    "price_missing": ("currency", "One of the products has no price in this currency."),
    "product_archived": ("products", "One of the products is archived: bring it back, or name another."),
    "unknown_currency": ("currency", "There is no such currency."),
}
_BODY: Final = "non_field_errors"
FIELDS: Final = {
    "pricing.items": "products",
    "pricing.amount_minor": "line_items",
    "pricing": "products",
    "internal_name": "name",
    "uses_max": "max_uses",
    "amount_minor": "amount",
    "customer.email": "email",
    "customer.name": "name",
    "customer.phone": "phone",
    "address.line1": "address_line1",
    "address.line2": "address_line2",
    "address.city": "city",
    "address.region": "state",
    "address.postal_code": "postal_code",
    "address": "address_line1",
    "customer.address": "address_line1",
}

problems.register(
    {
        LinkUnavailable.code: ProblemKind(410, "This payment link is not available"),
        LinkGated.code: ProblemKind(403, "This payment link opens for its recipient only"),
        CheckoutRefused.code: ProblemKind(409, "The payment cannot begin"),
    }
)


def tell(told: Told) -> Telling:
    if told.code == "total_out_of_bounds":
        return _wrong(_BODY, _bounds(told.values))
    if told.code in _WRONG_FIELD:
        return _wrong(*_WRONG_FIELD[told.code])
    if told.code == "invalid":
        field = str(told.values.get("field") or "")
        return _wrong(_head(field) or _BODY, _rule(told) if field == _head(field) else told.sentence)
    refused = Refused(detail=_detail(told), code=told.code)
    if told.code == LinkUnavailable.code:
        reason, since = str(told.values["reason"]), told.values.get("since")
        said = reason if reason in _UNAVAILABLE else "inactive"
        refused = Refused(
            detail=_detail(told), code=told.code, reason=said, since=since.isoformat() if since else UNSET
        )
    return Telling(told.status, _json.encode(refused), JSON)


def _detail(told: Told) -> str:
    reason = str(told.values.get("reason", ""))
    if told.code == "not_found":
        return _NOT_FOUND.get(str(told.values.get("entity")), told.title)
    if told.code == LinkUnavailable.code:
        return _UNAVAILABLE.get(reason, "This payment link is inactive.")
    if told.code == CheckoutRefused.code:
        return _WORDS.get(reason, told.title)
    return _WORDS.get(told.code) or told.title


def _wrong(field: str, words: str) -> Telling:
    wrong: Wrong = {field: [words]}
    return Telling(400, _json.encode(wrong), JSON)


def _rule(told: Told) -> str:
    """What is wrong, where the field is named beside it: "This field is required."."""
    rule = str(told.values.get("rule") or "")
    return f"This field {rule}." if rule[:1].islower() else told.sentence


def _head(field: str) -> str:
    """`products[0].quantity` is found under `products`."""
    return field.partition(".")[0].partition("[")[0]


def _bounds(values: Mapping[str, Any]) -> str:
    currency = str(values["currency"])
    least, most = (
        None if (minor := values.get(name)) is None else f"{major_text(Money(minor, currency))} {currency}"
        for name in ("min_minor", "max_minor")
    )
    named = [f"at least {least}" if least else "", f"at most {most}" if most else ""]
    return f"The total must be {' and '.join(filter(None, named))}."
