"""Flutterwave v3: cards on its hosted page; mobile money, USSD codes and bank transfers by direct charges."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from services.checkout.domain.charge import PaymentState, Redirect
from services.checkout.providers.flutterwave import signature
from services.checkout.providers.flutterwave.currencies import BANK_TRANSFER, CARD, MOBILE_MONEY, USSD
from services.checkout.providers.flutterwave.orders import SESSION_MINUTES, Call, call_of
from services.checkout.providers.flutterwave.refunds import Refunds
from services.checkout.providers.flutterwave.states import action_of, asked_of, state_of
from services.checkout.providers.flutterwave.wire import ChargeAnswer, HostedAnswer, Problem, TransactionAnswer
from services.checkout.providers.http import Answer, HttpClient, NoAnswer, NotConnected
from services.checkout.providers.port import (
    Absent,
    Accepted,
    Account,
    CallbackContent,
    CannotExpire,
    CreateResult,
    Credential,
    ExpireResult,
    NotSent,
    Order,
    Payment,
    RefundOrder,
    RefundResult,
    RefundStatusResult,
    Refused,
    StatusResult,
    Unknown,
    Unreachable,
)
from shared.contracts.links import Method
from shared.kernel.moment import Clock, utc_now
from shared.runtime.logs import logger

TIMEOUT_SECONDS: Final = 20.0
"""It may take 28 s before it gives up itself; a buyer waits for less, and the status tells the rest."""
_PAGE_CLOSED_AFTER: Final = timedelta(minutes=SESSION_MINUTES + 15)
_OK: Final = 200
_NOT_FOUND: Final = frozenset({400, 404})
_UNDECIDED: Final = frozenset({408, 409, 425, 429})
_SERVER_ERROR_FIRST: Final = 500
_MESSAGE_CHARS_MAX: Final = 200
_FIELDS: Final = {"account_bank": "bank", "phone": "phone"}
"""Words in the message of an error, which has no code."""

_log = logger("flutterwave")
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode
_hosted: Final = msgspec.json.Decoder(HostedAnswer)
_charged: Final = msgspec.json.Decoder(ChargeAnswer)
_transaction: Final = msgspec.json.Decoder(TransactionAnswer)
_problem: Final = msgspec.json.Decoder(Problem)


class Flutterwave:
    """Implements `providers.port.Provider`. It has no idempotency key: a create is sent once, then only asked about."""

    name = "flutterwave"
    takes: Mapping[Method, frozenset[str] | None] = MappingProxyType(
        {"card": CARD, "mobile_money": MOBILE_MONEY, "ussd": USSD, "bank_transfer": BANK_TRANSFER}
    )
    refunds: Literal["partial", "full", "none"] = "partial"
    credentials: tuple[Credential, ...] = (
        Credential(name="secret_key", pattern=r"FLWSECK(_TEST)?-[A-Za-z0-9-]{8,100}", hint="Settings, API keys"),
        Credential(name="secret_hash", pattern=r"[\x21-\x7e]{16,200}", hint="Settings, Webhooks: your own secret"),
        Credential(
            name="email",
            pattern=r"[^@\s]{1,64}@[^@\s]{1,189}",
            secret=False,
            hint="Stands in where a buyer gives no email: Flutterwave wants one with each payment",
        ),
    )

    def __init__(self, url: str, *, timeout_seconds: float = TIMEOUT_SECONDS, clock: Clock = utc_now) -> None:
        self.url = url.rstrip("/").removesuffix("/v3")
        self._http = HttpClient(self.url, timeout_seconds=timeout_seconds)
        self._once = HttpClient(self.url, timeout_seconds=timeout_seconds, once=True)
        self._refunds = Refunds(self._http, self._once)
        self._clock = clock

    async def close(self) -> None:
        await self._http.close()
        await self._once.close()

    async def create(self, account: Account, order: Order) -> CreateResult:
        call = call_of(account, order)
        if isinstance(call, Refused):
            return call
        try:
            answer = await self._once.send("POST", call.target, body=_encode(call.body), headers=headers_of(account))
        except NotConnected as error:
            _log.warning("flutterwave.create_not_sent", reference=order.reference, error=repr(error))
            return NotSent()
        except NoAnswer as error:
            _log.warning("flutterwave.create_unanswered", reference=order.reference, error=repr(error))
            return Unknown(answered=False)
        if answer.status != _OK:
            return _refused(answer, order.reference)
        state = self._created(call, answer, order, account)
        return Accepted(state) if state else Unknown(answered=False)

    async def status(self, account: Account, payment: Payment) -> StatusResult:
        target = f"/v3/transactions/verify_by_reference?tx_ref={payment.reference}"
        try:
            answer = await self._http.send("GET", target, headers=headers_of(account))
            if answer.status == _OK:
                state = state_of(_transaction.decode(answer.body).data, account.external_id)
                return Accepted(state) if state else Unreachable()
        except (NotConnected, NoAnswer, msgspec.MsgspecError) as error:
            _log.warning("flutterwave.status_unanswered", reference=payment.reference, error=repr(error))
            return Unreachable()
        if answer.status in _NOT_FOUND and "no transaction" in _message(answer).lower():
            return self._untried(account, payment)
        _log.warning("flutterwave.status_refused", reference=payment.reference, status=answer.status)
        return Unreachable()

    async def expire(self, account: Account, payment: Payment) -> ExpireResult:
        return CannotExpire()

    async def refund(self, account: Account, order: RefundOrder) -> RefundResult:
        return await self._refunds.refund(headers_of(account), order)

    async def refund_status(self, account: Account, order: RefundOrder, provider_id: str | None) -> RefundStatusResult:
        return await self._refunds.status(headers_of(account), order, provider_id)

    def is_authentic(self, account: Account, headers: Mapping[str, str], *, body: bytes, now: datetime) -> bool:
        return signature.is_known(headers.get(signature.HEADER), account.credentials["secret_hash"])

    def read(self, account: str, body: bytes) -> CallbackContent | None:
        return asked_of(body)

    def kept_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """None: the header is the secret itself, and the body is never believed anyway."""
        return {}

    def _created(self, call: Call, answer: Answer, order: Order, account: Account) -> PaymentState | None:
        try:
            if order.method == "card":
                action = Redirect(_hosted.decode(answer.body).data.link)
            else:
                action = action_of(_charged.decode(answer.body), order, now=self._clock())
        except msgspec.MsgspecError as error:
            _log.error("flutterwave.answer_unreadable", reference=order.reference, error=repr(error))
            return None
        if action is None:
            _log.error("flutterwave.answer_without_action", reference=order.reference, target=call.target)
            return None
        return PaymentState(
            provider_id=order.reference,
            account=account.external_id,
            reference=order.reference,
            status="pending",
            total=order.total,
            next_action=action,
            payer_last4=order.phone[-4:] if order.phone else None,
        )

    def _untried(self, account: Account, payment: Payment) -> StatusResult:
        """There is no transaction before a payer has tried: at the hosted page, or where mobile money redirects."""
        if payment.provider_id is None or payment.method in {"ussd", "bank_transfer"}:
            return Absent()
        closed = payment.method == "card" and self._clock() - payment.created_at > _PAGE_CLOSED_AFTER
        state = PaymentState(
            provider_id=payment.provider_id,
            account=account.external_id,
            reference=payment.reference,
            status="expired" if closed else "pending",
            total=payment.total,
            reason="expired" if closed else None,
        )
        return Accepted(state)


def headers_of(account: Account) -> dict[str, str]:
    return {"authorization": f"Bearer {account.credentials['secret_key']}", "content-type": "application/json"}


def _refused(answer: Answer, reference: str) -> CreateResult:
    message = _message(answer)
    _log.warning("flutterwave.create_refused", reference=reference, status=answer.status, message=message)
    if answer.status >= _SERVER_ERROR_FIRST:
        # Its gateway answers 503 while what stands behind it goes on.
        return Unknown(answered=answer.status == _SERVER_ERROR_FIRST)
    if answer.status in _UNDECIDED or "duplicate" in message.lower():
        return Unknown(answered=True)
    field = next((ours for word, ours in _FIELDS.items() if word in message.lower()), None)
    return Refused(f"http_{answer.status}", field)


def _message(answer: Answer) -> str:
    try:
        return _problem.decode(answer.body).message[:_MESSAGE_CHARS_MAX]
    except msgspec.MsgspecError:
        return ""
