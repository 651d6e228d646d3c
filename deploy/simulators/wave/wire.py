"""Wave's JSON, in and out. https://docs.wave.com/checkout. That unknown fields are refused is not documented."""

import ipaddress
import re
from typing import Annotated, Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from deploy.simulators.process.moments import rfc3339
from deploy.simulators.process.strict_json import NamedTwice, strict_json
from deploy.simulators.wave.problems import refused
from deploy.simulators.wave.records import Business, Session

AMOUNT_MAX = 10_000_000
_AMOUNT = re.compile(r"[1-9][0-9]{0,12}")
_FIELD = re.compile(r" - at `\$\.?(.*)`$")
_NAMED = re.compile(r"field `(.+?)`")
MESSAGES = {
    "blocked-account": "The customer's account is blocked.",
    "cross-border-payment-not-allowed": "Payments across borders are not allowed.",
    "customer-age-restricted": "The customer is too young for this payment.",
    "insufficient-funds": "The customer does not have enough money.",
    "kyb-limits-exceeded": "The business has reached its limits.",
    "payer-mobile-mismatch": "Another mobile number has to pay this.",
    "payment-failure": "Something went wrong on Wave's side.",
}


class SessionRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    amount: str
    currency: str
    success_url: Annotated[str, Meta(min_length=1, max_length=2048)]
    error_url: Annotated[str, Meta(min_length=1, max_length=2048)]
    client_reference: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    restrict_payer_mobile: Annotated[str, Meta(pattern=r"\A\+[1-9][0-9]{6,14}\Z")] | None = None


def read_request(body: bytes) -> SessionRequest:
    """Raises: WaveError: 400 with the field."""
    try:
        asked = strict_json(body, SessionRequest)
    except NamedTwice:
        raise refused("A field is named twice.") from None
    except msgspec.ValidationError as error:
        text = str(error)
        place = _FIELD.search(text) or _NAMED.search(text)
        raise refused(text.split(" - at ", maxsplit=1)[0], field=place[1] if place else None) from None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise refused("The body is not JSON.") from None
    if asked.currency != "XOF":
        raise refused("This wallet holds XOF.", field="currency")
    if not _AMOUNT.fullmatch(asked.amount) or int(asked.amount) > AMOUNT_MAX:
        raise refused("An amount in XOF is a string of digits, without decimals.", field="amount")
    for name, url in (("success_url", asked.success_url), ("error_url", asked.error_url)):
        if not _is_safe_url(url):
            raise refused("The URL must be https.", field=name)
    return asked


def session_view(session: Session, business: Business, *, url: str) -> dict[str, Any]:
    over = session.completed_ms
    return {
        "id": session.id,
        "amount": session.amount,
        "business_name": business.name,
        "checkout_status": session.checkout_status,
        "client_reference": session.client_reference,
        "currency": session.currency,
        "error_url": session.error_url,
        "last_payment_error": {"code": session.failure, "message": MESSAGES[session.failure]}
        if session.failure
        else None,
        "payment_status": session.payment_status,
        "restrict_payer_mobile": session.restrict_payer_mobile,
        "success_url": session.success_url,
        "transaction_id": session.transaction_id,
        "wave_launch_url": f"{url}/c/{session.id}",
        "when_completed": rfc3339(over) if over is not None else None,
        "when_created": rfc3339(session.created_ms),
        "when_expires": rfc3339(session.expires_ms),
    } | ({"when_refunded": rfc3339(session.refunded_ms)} if session.refunded_ms is not None else {})


def _is_safe_url(url: str) -> bool:
    """https, as with Wave; and http to this machine, since a stack on a desk has no certificate."""
    try:
        parts = urlsplit(url)
        if not url.isascii() or not parts.hostname or parts.port == 0:
            return False
        return parts.scheme == "https" or (parts.scheme == "http" and _is_this_machine(parts.hostname))
    except ValueError:
        return False


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
