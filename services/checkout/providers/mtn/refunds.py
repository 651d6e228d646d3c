"""Refunds at MTN: the Disbursement product, with a subscription of its own."""

from typing import Final

import msgspec

from services.checkout.providers.http import Answer, NoAnswer, NotConnected
from services.checkout.providers.mtn.calls import Calls, code_of
from services.checkout.providers.mtn.environments import EXPONENTS
from services.checkout.providers.mtn.states import refund_of, refund_request, request_id
from services.checkout.providers.mtn.tokens import NoToken, TokenRefused
from services.checkout.providers.mtn.wire import Transaction
from services.checkout.providers.port import (
    Absent,
    Account,
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

_OK: Final = 200
_ACCEPTED: Final = 202
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_SERVER_ERROR_FIRST: Final = 500
_UNDECIDED: Final = frozenset({408, 425, 429})
_NEEDED: Final = "disbursement_subscription_key"

_log = logger("mtn")
_encode: Final = msgspec.json.Encoder().encode
_transaction: Final = msgspec.json.Decoder(Transaction)


class Refunds:
    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def refund(self, account: Account, order: RefundOrder) -> RefundResult:
        if _NEEDED not in account.credentials:
            return Refused("refunds_not_set_up", _NEEDED)
        if order.amount.currency not in EXPONENTS:
            return Refused("currency_not_taken", "currency")
        refund_id = request_id(order.reference)
        try:
            answer = await self._calls.send(
                account,
                "disbursement",
                path="/v1_0/refund",
                request_id=refund_id,
                body=_encode(refund_request(order)),
            )
        except TokenRefused:
            _log.warning("mtn.refund_unauthorized", reference=order.reference)
            return Refused("unauthorized", None)
        except (NotConnected, NoToken) as error:
            _log.warning("mtn.refund_not_sent", reference=order.reference, error=repr(error))
            return NotSent()
        except NoAnswer as error:
            _log.warning("mtn.refund_unanswered", reference=order.reference, error=repr(error))
            return Unknown(answered=False)
        return _answered(answer, order, refund_id)

    async def status(self, account: Account, order: RefundOrder, provider_id: str | None) -> RefundStatusResult:
        refund_id = provider_id or request_id(order.reference)
        try:
            answer = await self._calls.send(account, "disbursement", path=f"/v1_0/refund/{refund_id}")
            if answer.status == _OK:
                return refund_of(_transaction.decode(answer.body), refund_id) or Unreachable()
        except (NotConnected, NoAnswer, NoToken, TokenRefused, KeyError, msgspec.MsgspecError) as error:
            _log.warning("mtn.refund_status_unanswered", reference=order.reference, error=repr(error))
            return Unreachable()
        if answer.status == _NOT_FOUND and code_of(answer) == "RESOURCE_NOT_FOUND":
            return Absent()
        _log.warning("mtn.refund_status_refused", reference=order.reference, status=answer.status)
        return Unreachable()


def _answered(answer: Answer, order: RefundOrder, refund_id: str) -> RefundResult:
    if answer.status in {_ACCEPTED, _CONFLICT}:
        # 409: a try whose answer we never saw has arrived; how it stands is asked for like any other.
        return RefundState(provider_id=refund_id, reference=order.reference, status="pending", amount=order.amount)
    code = code_of(answer)
    _log.warning("mtn.refund_refused", reference=order.reference, status=answer.status, code=code)
    if answer.status >= _SERVER_ERROR_FIRST:
        return Unknown(answered=answer.status == _SERVER_ERROR_FIRST)
    return Unknown(answered=True) if answer.status in _UNDECIDED else Refused(code.lower() or "refused", None)
