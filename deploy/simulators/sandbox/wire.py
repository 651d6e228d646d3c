"""What goes over the wire, and the one door through which request bodies come in."""

import re
from typing import Annotated, Literal, TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from msgspec import Meta

from deploy.simulators.pages.currencies import EXPONENTS
from deploy.simulators.process.moments import rfc3339
from deploy.simulators.process.strict_json import NamedTwice, strict_json
from deploy.simulators.sandbox.problems import ApiError, refused
from deploy.simulators.sandbox.records import (
    Card,
    EventType,
    FailureCode,
    Faults,
    Method,
    NextAction,
    Payment,
    Refund,
    RefundStatus,
    Status,
    Tamper,
)

AMOUNT_MAX = 10**15

_NO_CONTROLS = r"\A[^\x00-\x1f\x7f]*\Z"
Text64 = Annotated[str, Meta(min_length=1, max_length=64, pattern=_NO_CONTROLS)]
Text200 = Annotated[str, Meta(min_length=1, max_length=200, pattern=_NO_CONTROLS)]
Text500 = Annotated[str, Meta(max_length=500, pattern=_NO_CONTROLS)]
Url = Annotated[str, Meta(min_length=1, max_length=2048, pattern=r"\A[\x21-\x7e]+\Z")]
Phone = Annotated[str, Meta(pattern=r"\A\+[1-9][0-9]{6,14}\Z")]


class AccountRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    reference: UUID
    name: Text200


class PaymentRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reference: Text64
    amount: Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]
    currency: Annotated[str, Meta(pattern=r"\A[A-Z]{3}\Z")]
    method: Method
    phone: Phone | None = None
    card_token: Annotated[str, Meta(pattern=r"\Atok_[A-Za-z0-9_]{1,60}\Z")] | None = None
    bank: Annotated[str, Meta(pattern=r"\A[0-9]{3,6}\Z")] | None = None
    description: Text500 | None = None
    callback_url: Url | None = None
    return_url: Url | None = None
    metadata: Annotated[dict[Text64, Text500], Meta(max_length=20)] = {}


class RefundRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    payment: Text64
    reference: Text64
    amount: Annotated[int, Meta(ge=1, le=AMOUNT_MAX)]
    reason: Text200 | None = None


class DisputeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`amount` None is the whole payment."""

    status: Literal["open", "won", "lost"] = "open"
    amount: Annotated[int, Meta(ge=1, le=AMOUNT_MAX)] | None = None
    reason: Text200 = "fraudulent"


class RefundCallbackRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    times: Annotated[int, Meta(ge=1, le=100)] = 1
    status: Literal["succeeded", "failed"] | None = None
    tamper: Literal["amount", "reference"] | None = None


class TokenRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`number` and `cvc` are digits only; the year has four."""

    number: Annotated[str, Meta(pattern=r"\A[0-9]{12,19}\Z")]
    exp_month: Annotated[int, Meta(ge=1, le=12)]
    exp_year: Annotated[int, Meta(ge=2000, le=2999)]
    cvc: Annotated[str, Meta(pattern=r"\A[0-9]{3,4}\Z")]


class FailRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    failure_code: FailureCode = "declined"


class CallbackRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    times: Annotated[int, Meta(ge=1, le=100)] = 1
    type: EventType | None = None
    tamper: Tamper | None = None
    same_event_id: bool = True


class FaultsRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    callbacks: Literal["deliver", "drop", "duplicate", "shuffle"] = "deliver"
    callback_times: Annotated[int, Meta(ge=1, le=50)] = 10
    approve_after_ms: Annotated[int, Meta(ge=0, le=3_600_000)] | None = None
    fail_creates: Annotated[int, Meta(ge=0, le=100_000)] = 0
    fail_refunds: Annotated[int, Meta(ge=0, le=100_000)] = 0

    def faults(self, approve_after_ms_default: int) -> Faults:
        approve_after_ms = approve_after_ms_default if self.approve_after_ms is None else self.approve_after_ms
        return Faults(
            callbacks=self.callbacks,
            callback_times=self.callback_times,
            approve_after_ms=approve_after_ms,
            fail_creates=self.fail_creates,
            fail_refunds=self.fail_refunds,
        )


class PaymentView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    account: str
    reference: str
    status: Status
    amount: int
    currency: str
    method: Method
    phone: str | None
    card: Card | None
    failure_code: FailureCode | None
    next_action: NextAction | None
    version: int
    created_at: str
    updated_at: str


def payment_view(payment: Payment) -> PaymentView:
    return PaymentView(
        id=payment.id,
        account=payment.account,
        reference=payment.reference,
        status=payment.status,
        amount=payment.amount,
        currency=payment.currency,
        method=payment.method,
        phone=payment.phone,
        card=payment.card,
        failure_code=payment.failure_code,
        next_action=payment.next_action,
        version=payment.version,
        created_at=rfc3339(payment.created_ms),
        updated_at=rfc3339(payment.updated_ms),
    )


class RefundView(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    account: str
    payment: str
    reference: str
    status: RefundStatus
    amount: int
    currency: str
    reason: str | None
    failure_code: str | None
    created_at: str
    updated_at: str


def refund_view(refund: Refund) -> RefundView:
    return RefundView(
        id=refund.id,
        account=refund.account,
        payment=refund.payment,
        reference=refund.reference,
        status=refund.status,
        amount=refund.amount,
        currency=refund.currency,
        reason=refund.reason,
        failure_code=refund.failure_code,
        created_at=rfc3339(refund.created_ms),
        updated_at=rfc3339(refund.updated_ms),
    )


Request = TypeVar("Request", bound=msgspec.Struct)
_PARAM = re.compile(r" - at `(?:key in )?\$\.?(.*)`$")


def decode(body: bytes, kind: type[Request]) -> Request:
    """Raises: ApiError: 400 for whatever is not exactly one `kind`, each field named once and within its bounds."""
    try:
        request = strict_json(body, kind)
    except NamedTwice:
        raise refused("invalid_request", "A field is named twice.") from None
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise _not_understood(error) from None
    except (ValueError, RecursionError):
        raise refused("invalid_json", "The body is not JSON.") from None
    return request


def _not_understood(error: msgspec.MsgspecError) -> ApiError:
    if not isinstance(error, msgspec.ValidationError):
        return refused("invalid_json", "The body is not JSON.")
    text = str(error)
    place = _PARAM.search(text)
    return refused(
        "invalid_request", f"{text.split(' - at ', maxsplit=1)[0]}.", param=place.group(1) if place else None
    )


def check_payment(request: PaymentRequest) -> None:
    """What types alone cannot say. Raises: ApiError: 400 with the field in `param`."""
    if request.currency not in EXPONENTS:
        raise refused("unsupported_currency", "This currency cannot be charged.", param="currency")
    if request.method == "mobile_money" and request.phone is None:
        raise refused("invalid_request", "mobile_money needs a phone number.", param="phone")
    if request.method != "card" and request.card_token is not None:
        raise refused("invalid_request", "A card token goes with method card only.", param="card_token")
    if request.method != "ussd" and request.bank is not None:
        raise refused("invalid_request", "A bank goes with method ussd only.", param="bank")
    for param, url in (("callback_url", request.callback_url), ("return_url", request.return_url)):
        if url is not None and not _is_web_url(url):
            raise refused("invalid_request", "The URL is not an absolute http or https URL.", param=param)


def _is_web_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
        )
    except ValueError:
        return False
