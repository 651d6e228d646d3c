"""Pages of the sandbox's lists, in our words."""

from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from services.checkout.domain.reconciliation import Listed, theirs_of
from services.checkout.providers.port import Page
from services.checkout.providers.sandbox.wire import Text, WirePayment, WireRefund, refund_state_of, state_of

PAGE: Final = 200
Moment = Annotated[datetime, Meta(tz=True)]


class ListedPayment(WirePayment, frozen=True, kw_only=True):
    created_at: Moment


class ListedRefund(WireRefund, frozen=True, kw_only=True):
    created_at: Moment


class Payments(Struct, frozen=True):
    data: list[ListedPayment]
    next_after: Text | None


class Refunds(Struct, frozen=True):
    data: list[ListedRefund]
    next_after: Text | None


_payments: Final = msgspec.json.Decoder(Payments)
_refunds: Final = msgspec.json.Decoder(Refunds)


def payments_of(body: bytes) -> Page:
    """Raises: msgspec.MsgspecError."""
    page = _payments.decode(body)
    entries = [Listed(theirs=theirs_of(state_of(one)), created_at=one.created_at) for one in page.data]
    return Page(entries, page.next_after)


def refunds_of(body: bytes) -> Page:
    """Raises: msgspec.MsgspecError."""
    page = _refunds.decode(body)
    entries = [Listed(theirs=theirs_of(refund_state_of(one)), created_at=one.created_at) for one in page.data]
    return Page(entries, page.next_after)
