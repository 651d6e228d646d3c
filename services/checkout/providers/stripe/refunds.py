"""Gives money back, and finds out what became of it."""

from typing import Final

import msgspec

from services.checkout.providers.http import NoAnswer, NotConnected
from services.checkout.providers.port import (
    Absent,
    Account,
    NotSent,
    RefundOrder,
    RefundResult,
    RefundStatusResult,
    Refused,
    Unknown,
    Unreachable,
)
from services.checkout.providers.stripe.amounts import NotWhole
from services.checkout.providers.stripe.client import NO_USE, OK, UNREADABLE, StripeApi, is_missing, refused
from services.checkout.providers.stripe.request import refund_form
from services.checkout.providers.stripe.sessions import PAGE, session_of
from services.checkout.providers.stripe.wire import REFERENCE, RefundList, WireRefund, refund_of
from shared.runtime.logs import logger

REFUNDS: Final = "/v1/refunds"

_log = logger("stripe")
_refund: Final = msgspec.json.Decoder(WireRefund)
_refunds: Final = msgspec.json.Decoder(RefundList)


async def refund(api: StripeApi, account: Account, order: RefundOrder) -> RefundResult:
    """Two requests: a refund names the payment intent, which only the session tells."""
    try:
        session = await session_of(api, account, order.payment)
    except NO_USE as error:
        _log.warning("stripe.refund_not_sent", reference=order.reference, error=repr(error))
        return NotSent()
    if session is None or session.payment_status != "paid" or session.payment_intent_id is None:
        return Refused("not_paid", None)
    try:
        form = refund_form(order, payment_intent=session.payment_intent_id)
    except NotWhole:
        return Refused("amount_not_whole", "amount")
    return await _asked(api, account, order, form=form)


async def _asked(api: StripeApi, account: Account, order: RefundOrder, *, form: bytes) -> RefundResult:
    try:
        heard = await api.post(account, REFUNDS, form=form, key=order.reference)
        if heard.answer.status != OK:
            return refused(heard, order.reference)
        return refund_of(_refund.decode(heard.answer.body))
    except NotConnected as error:
        _log.warning("stripe.refund_not_sent", reference=order.reference, error=repr(error))
        return NotSent()
    except (NoAnswer, *UNREADABLE) as error:
        _log.warning("stripe.refund_unanswered", reference=order.reference, error=repr(error))
        return Unknown(answered=False)


async def refund_status(
    api: StripeApi, account: Account, order: RefundOrder, *, provider_id: str | None
) -> RefundStatusResult:
    try:
        if provider_id is None:
            return await _found(api, account, order)
        heard = await api.get(account, f"{REFUNDS}/{provider_id}")
        if is_missing(heard):
            return Absent()
        if heard.answer.status == OK:
            return refund_of(_refund.decode(heard.answer.body))
    except NO_USE as error:
        _log.warning("stripe.refund_status_unanswered", reference=order.reference, error=repr(error))
    return Unreachable()


async def _found(api: StripeApi, account: Account, order: RefundOrder) -> RefundStatusResult:
    session = await session_of(api, account, order.payment)
    if session is None or session.payment_intent_id is None:
        return Absent()
    query = {"payment_intent": session.payment_intent_id, "limit": str(PAGE)}
    heard = await api.get(account, REFUNDS, **query)
    if heard.answer.status != OK:
        return Unreachable()
    page = _refunds.decode(heard.answer.body)
    for one in page.data:
        if (one.metadata or {}).get(REFERENCE) == order.reference:
            return refund_of(one)
    return Unreachable() if page.has_more else Absent()
