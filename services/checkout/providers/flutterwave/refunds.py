"""Refunds at Flutterwave, which has no idempotency key for them: what it has is looked at before anything is sent.

Our reference goes along in `comments`, and is found again by it.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from services.checkout.providers.decimals import to_major
from services.checkout.providers.flutterwave.currencies import EXPONENTS
from services.checkout.providers.flutterwave.states import refund_of
from services.checkout.providers.flutterwave.wire import (
    Refund,
    RefundAnswer,
    RefundRequest,
    RefundsAnswer,
    Transaction,
    TransactionAnswer,
)
from services.checkout.providers.http import HttpClient, NoAnswer, NotConnected
from services.checkout.providers.port import (
    Absent,
    NotSent,
    RefundOrder,
    RefundResult,
    RefundState,
    RefundStatusResult,
    Refused,
    Unknown,
    Unreachable,
)
from shared.runtime.logs import logger

COMMENT_CHARS_MAX: Final = 200
_OK: Final = 200
_NOT_FOUND: Final = 404
_SERVER_ERROR_FIRST: Final = 500
_UNDECIDED: Final = frozenset({408, 409, 425, 429})

_log = logger("flutterwave")
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode
_transaction: Final = msgspec.json.Decoder(TransactionAnswer)
_refund: Final = msgspec.json.Decoder(RefundAnswer)
_refunds: Final = msgspec.json.Decoder(RefundsAnswer)

Headers = Mapping[str, str]


class Refunds:
    def __init__(self, http: HttpClient, once: HttpClient) -> None:
        self._http = http
        self._once = once

    async def refund(self, headers: Headers, order: RefundOrder) -> RefundResult:
        transaction = await self._transaction(headers, order)
        if transaction is None:
            return NotSent()
        if transaction.status.lower() != "successful":
            return Refused("not_paid", None)
        earlier = await self._find(headers, order, transaction.id)
        if not isinstance(earlier, Absent):
            return NotSent() if isinstance(earlier, Unreachable) else earlier
        return await self._send(headers, order, transaction.id)

    async def _send(self, headers: Headers, order: RefundOrder, transaction_id: int) -> RefundResult:
        comments = " ".join(part for part in (order.reference, order.reason) if part)[:COMMENT_CHARS_MAX]
        asked = RefundRequest(to_major(order.amount, EXPONENTS[order.amount.currency]), comments)
        target = f"/v3/transactions/{transaction_id}/refund"
        try:
            answer = await self._once.send("POST", target, body=_encode(asked), headers=headers)
        except NotConnected as error:
            _log.warning("flutterwave.refund_not_sent", reference=order.reference, error=repr(error))
            return NotSent()
        except NoAnswer as error:
            _log.warning("flutterwave.refund_unanswered", reference=order.reference, error=repr(error))
            return Unknown(answered=False)
        if answer.status == _OK:
            return _read(answer.body, order) or Unknown(answered=False)
        _log.warning("flutterwave.refund_refused", reference=order.reference, status=answer.status)
        if answer.status >= _SERVER_ERROR_FIRST:
            return Unknown(answered=answer.status == _SERVER_ERROR_FIRST)
        return Unknown(answered=True) if answer.status in _UNDECIDED else Refused(f"http_{answer.status}", None)

    async def status(self, headers: Headers, order: RefundOrder, provider_id: str | None) -> RefundStatusResult:
        if provider_id is None:
            transaction = await self._transaction(headers, order)
            return Unreachable() if transaction is None else await self._find(headers, order, transaction.id)
        try:
            answer = await self._http.send("GET", f"/v3/refunds/{provider_id}", headers=headers)
        except (NotConnected, NoAnswer) as error:
            _log.warning("flutterwave.refund_status_unanswered", reference=order.reference, error=repr(error))
            return Unreachable()
        if answer.status == _NOT_FOUND:
            return Absent()
        if answer.status == _OK:
            return _read(answer.body, order) or Unreachable()
        _log.warning("flutterwave.refund_status_refused", reference=order.reference, status=answer.status)
        return Unreachable()

    async def _transaction(self, headers: Headers, order: RefundOrder) -> Transaction | None:
        target = f"/v3/transactions/verify_by_reference?tx_ref={order.payment.reference}"
        try:
            answer = await self._http.send("GET", target, headers=headers)
            return _transaction.decode(answer.body).data if answer.status == _OK else None
        except (NotConnected, NoAnswer, msgspec.MsgspecError) as error:
            _log.warning("flutterwave.refund_without_payment", reference=order.reference, error=repr(error))
            return None

    async def _find(self, headers: Headers, order: RefundOrder, transaction_id: int) -> RefundStatusResult:
        """The refund that bears our reference. Absent only if every one tells what it bears."""
        try:
            answer = await self._http.send("GET", f"/v3/refunds?tx_id={transaction_id}", headers=headers)
            listed = _refunds.decode(answer.body).data if answer.status == _OK else None
        except (NotConnected, NoAnswer, msgspec.MsgspecError) as error:
            _log.warning("flutterwave.refunds_unanswered", reference=order.reference, error=repr(error))
            return Unreachable()
        if listed is None:
            _log.warning("flutterwave.refunds_refused", reference=order.reference, status=answer.status)
            return Unreachable()
        ours = [one for one in listed if one.tx_id == transaction_id]
        found = next((one for one in ours if order.reference in (one.comments or "")), None)
        if found is not None:
            return _state(found, order) or Unreachable()
        return Absent() if all(one.comments is not None for one in ours) else Unreachable()


def _read(body: bytes, order: RefundOrder) -> RefundState | None:
    try:
        return _state(_refund.decode(body).data, order)
    except msgspec.MsgspecError as error:
        _log.error("flutterwave.refund_unreadable", reference=order.reference, error=repr(error))
        return None


def _state(refund: Refund, order: RefundOrder) -> RefundState | None:
    return refund_of(refund, order.reference, order.amount.currency)
