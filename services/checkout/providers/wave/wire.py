"""Wave's JSON, and what it means in our words. https://docs.wave.com/checkout."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from services.checkout.domain.charge import PaymentState, Redirect
from services.checkout.providers.port import CallbackContent, Ignored, Order, Signal
from shared.contracts.checkout import FailureReason
from shared.kernel.money import MINOR_MAX, Money

CURRENCY: Final = "XOF"
STILL_PROCESSING: Final = timedelta(hours=1)
"""How long after a session's end a payment that began before it may still come through. Not documented."""
Id = Annotated[str, Meta(min_length=1, max_length=255, pattern=r"^[\x21-\x7e]+$")]
Code = Annotated[str, Meta(max_length=100, pattern=r"^[\x20-\x7e]*$")]
_MAJOR: Final = re.compile(r"([1-9][0-9]{0,14})(?:\.0+)?", re.ASCII)


class SessionRequest(Struct, frozen=True):
    """`restrict_payer_mobile` is left out: whoever has the page may pay, as with any other way."""

    amount: str
    currency: str
    success_url: str
    error_url: str
    client_reference: str


class PaymentError(Struct, frozen=True):
    code: Code | None = None


class WireSession(Struct, frozen=True, kw_only=True):
    id: Id
    amount: Code
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$")]
    checkout_status: Literal["open", "complete", "expired"]
    payment_status: Code
    client_reference: Annotated[str, Meta(max_length=255)] | None = None
    wave_launch_url: Annotated[str, Meta(max_length=4096, pattern=r"^https?://[\x21-\x7e]+$")] | None = None
    transaction_id: Code | None = None
    last_payment_error: PaymentError | None = None
    when_expires: datetime | None = None
    when_refunded: datetime | None = None


class SearchAnswer(Struct, frozen=True):
    result: list[WireSession]


class WireEvent(Struct, frozen=True):
    id: Id
    type: Code
    data: Raw = Raw(b"null")


class ErrorAnswer(Struct, frozen=True):
    """Some errors come as `{"error": {…}}`, some bare."""

    code: Code | None = None
    error: "ErrorAnswer | None" = None


class Unreadable(ValueError):  # noqa: N818 - says what it is
    """It has no reference of ours, or an amount that is none."""


SESSION_EVENTS: Final = frozenset({"checkout.session.completed", "checkout.session.payment_failed"})
_REASONS: Final[dict[str, FailureReason]] = {
    "insufficient-funds": "insufficient_funds",
    "payment-failure": "provider_error",
    "kyb-limits-exceeded": "provider_error",
}
_event: Final = msgspec.json.Decoder(WireEvent)
_session: Final = msgspec.json.Decoder(WireSession)
_error: Final = msgspec.json.Decoder(ErrorAnswer)


def request_of(order: Order) -> SessionRequest:
    return SessionRequest(
        amount=str(order.total.minor),  # XOF has no decimals
        currency=order.total.currency,
        success_url=order.paid_url,
        error_url=order.return_url,
        client_reference=order.reference,
    )


def money_of(session: WireSession) -> Money:
    """Raises: Unreadable."""
    whole = _MAJOR.fullmatch(session.amount)
    if session.currency != CURRENCY or whole is None or int(whole[1]) > MINOR_MAX:
        raise Unreadable(session.id)
    return Money(int(whole[1]), CURRENCY)


def state_of(session: WireSession, account: str, *, now: datetime | None = None) -> PaymentState:
    """`now` is when Wave was asked; a callback is read without it.

    Raises:
        Unreadable.
    """
    if not session.client_reference:
        raise Unreadable(session.id)
    status, reason = _status(session, now)
    return PaymentState(
        provider_id=session.id,
        account=account,
        reference=session.client_reference,
        status=status,
        total=money_of(session),
        reason=reason,
        next_action=Redirect(session.wave_launch_url)
        if session.checkout_status == "open" and session.wave_launch_url
        else None,
    )


def _status(
    session: WireSession, now: datetime | None
) -> tuple[Literal["pending", "succeeded", "failed", "expired"], FailureReason | None]:
    """Both statuses count: an expired page may have taken money, and a failed attempt leaves the page payable."""
    if session.payment_status == "succeeded":
        return "succeeded", None
    match session.checkout_status:
        case "open":
            return "pending", None
        case "expired":
            is_over = session.payment_status == "cancelled" or _is_long_over(session, now)
            return ("expired", "expired") if is_over else ("pending", None)
        case "complete":
            if session.payment_status != "cancelled":
                return "pending", None
            error = session.last_payment_error
            return "failed", _REASONS.get((error.code if error else None) or "", "declined")


def _is_long_over(session: WireSession, now: datetime | None) -> bool:
    return now is not None and session.when_expires is not None and now > session.when_expires + STILL_PROCESSING


def content_of(account: str, body: bytes) -> CallbackContent | None:
    """None when it is not an event of Wave, or contradicts itself."""
    try:
        event = _event.decode(body)
        if event.type not in SESSION_EVENTS:
            return Ignored(event.id)
        session = _session.decode(event.data)
        if not session.client_reference:
            return Ignored(event.id)  # made in Wave's own app
        state = state_of(session, account)
    except (msgspec.MsgspecError, Unreadable, RecursionError):
        return None
    failed_though_paid = event.type == "checkout.session.payment_failed" and state.status == "succeeded"
    return None if failed_though_paid else Signal(event.id, state)


def error_code(body: bytes) -> str | None:
    try:
        said = _error.decode(body)
    except (msgspec.MsgspecError, RecursionError):
        return None
    return said.code or (said.error.code if said.error else None)
