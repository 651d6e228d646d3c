"""MTN MoMo: requests to pay (Collections), and refunds (Disbursements)."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final, Literal

import msgspec
from msgspec import Struct

from services.checkout.domain.charge import PaymentState, Prompt
from services.checkout.providers.http import Answer, HttpClient, NoAnswer, NotConnected
from services.checkout.providers.mtn.calls import Calls, code_of
from services.checkout.providers.mtn.environments import CURRENCIES, EXPONENTS
from services.checkout.providers.mtn.refunds import Refunds
from services.checkout.providers.mtn.states import asked_of, pay_request, request_id, state_of
from services.checkout.providers.mtn.tokens import NoToken, TokenRefused
from services.checkout.providers.mtn.wire import Transaction
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

TIMEOUT_SECONDS: Final = 8.0
"""Of each of at most three requests (a token, the payment, the payment again): a buyer waits for all of them."""
PROMPT_FOR: Final = timedelta(minutes=5)
_OK: Final = 200
_ACCEPTED: Final = 202
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_SERVER_ERROR_FIRST: Final = 500
_UNDECIDED: Final = frozenset({408, 425, 429})
_REFUSALS: Final = frozenset(
    {
        "INVALID_CALLBACK_URL_HOST",
        "INVALID_CURRENCY",
        "NOT_ALLOWED",
        "NOT_ALLOWED_TARGET_ENVIRONMENT",
        "PAYEE_NOT_FOUND",
        "PAYER_NOT_FOUND",
    }
)
"""MTN answers 500 to some requests that it will never take."""
_FIELDS: Final = {"PAYER_NOT_FOUND": "phone", "PAYEE_NOT_FOUND": "phone"}

_log = logger("mtn")
_encode: Final = msgspec.json.Encoder().encode
_transaction: Final = msgspec.json.Decoder(Transaction)
_UUID: Final = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_KEY: Final = r"[A-Za-z0-9]{16,64}"


UrlOf = Callable[[Account], str]


class _Desk(Struct, frozen=True):
    """What speaks to MTN at one address, with the tokens that it gave."""

    http: HttpClient
    calls: Calls
    refunds: Refunds


class Mtn:
    """Implements `providers.port.Provider`. A request may be sent again: its `X-Reference-Id` makes it the same one."""

    name = "mtn"
    takes: Mapping[Method, frozenset[str] | None] = MappingProxyType({"mobile_money": frozenset(EXPONENTS)})
    """Of all environments together; one account takes the one currency of its own."""
    refunds: Literal["partial", "full", "none"] = "partial"
    credentials: tuple[Credential, ...] = (
        Credential(name="api_user", pattern=_UUID, hint="The UUID of the API user"),
        Credential(name="api_key", pattern=_KEY, hint="Of that API user"),
        Credential(name="subscription_key", pattern=_KEY, hint="Profile, Collections: the primary key"),
        Credential(
            name="target_environment",
            pattern="|".join(CURRENCIES),
            secret=False,
            hint="sandbox, mtnuganda, mtnrwanda, …: it decides the currency",
        ),
        Credential(
            name="disbursement_subscription_key",
            pattern=_KEY,
            required=False,
            hint="Profile, Disbursements: only for refunds",
        ),
    )

    def __init__(self, urls: str | UrlOf, *, timeout_seconds: float = TIMEOUT_SECONDS, clock: Clock = utc_now) -> None:
        """`urls`: where MTN answers; or where it does for each account, out of the few that the operator has set."""
        self._url_of: UrlOf = urls if callable(urls) else lambda _: urls
        self._timeout_seconds = timeout_seconds
        self._desks: dict[str, _Desk] = {}
        self._clock = clock

    async def close(self) -> None:
        for desk in self._desks.values():
            await desk.http.close()

    def _at(self, account: Account) -> "_Desk":
        url = self._url_of(account).rstrip("/")
        if url not in self._desks:
            http = HttpClient(url, timeout_seconds=self._timeout_seconds)
            calls = Calls(http)
            self._desks[url] = _Desk(http, calls, Refunds(calls))
        return self._desks[url]

    async def create(self, account: Account, order: Order) -> CreateResult:
        if order.total.currency != CURRENCIES.get(account.credentials["target_environment"]):
            return Refused("currency_not_taken", "currency")
        if order.phone is None:
            return Refused("phone_needed", "phone")
        first = await self._request_to_pay(account, order)
        if first != Unknown(answered=False):
            return first
        second = await self._request_to_pay(account, order)
        # The first may have arrived, whatever became of the second.
        return second if isinstance(second, Accepted) else first

    async def status(self, account: Account, payment: Payment) -> StatusResult:
        provider_id = payment.provider_id or request_id(payment.reference)
        try:
            answer = await self._at(account).calls.send(account, "collection", path=f"/v1_0/requesttopay/{provider_id}")
            if answer.status == _OK:
                state = state_of(_transaction.decode(answer.body), provider_id, account.external_id)
                return Accepted(state) if state else Unreachable()
        except (NotConnected, NoAnswer, NoToken, TokenRefused, msgspec.MsgspecError) as error:
            _log.warning("mtn.status_unanswered", reference=payment.reference, error=repr(error))
            return Unreachable()
        if answer.status == _NOT_FOUND and code_of(answer) == "RESOURCE_NOT_FOUND":
            return Absent()
        _log.warning("mtn.status_refused", reference=payment.reference, status=answer.status)
        return Unreachable()

    async def expire(self, account: Account, payment: Payment) -> ExpireResult:
        """MTN ends a request by itself when nobody has approved it for five minutes."""
        return CannotExpire()

    async def refund(self, account: Account, order: RefundOrder) -> RefundResult:
        return await self._at(account).refunds.refund(account, order)

    async def refund_status(self, account: Account, order: RefundOrder, provider_id: str | None) -> RefundStatusResult:
        return await self._at(account).refunds.status(account, order, provider_id)

    def is_authentic(self, account: Account, headers: Mapping[str, str], *, body: bytes, now: datetime) -> bool:
        """MTN signs nothing. What speaks for a callback is its address, which only MTN and the merchant know."""
        return asked_of(body) is not None

    def read(self, account: str, body: bytes) -> CallbackContent | None:
        return asked_of(body)

    def kept_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return {}

    async def _request_to_pay(self, account: Account, order: Order) -> CreateResult:
        try:
            answer = await self._at(account).calls.send(
                account,
                "collection",
                path="/v1_0/requesttopay",
                request_id=request_id(order.reference),
                callback_url=order.callback_url,
                body=_encode(pay_request(order)),
            )
        except TokenRefused:
            _log.warning("mtn.create_unauthorized", reference=order.reference)
            return Refused("unauthorized", None)
        except (NotConnected, NoToken) as error:
            _log.warning("mtn.create_not_sent", reference=order.reference, error=repr(error))
            return NotSent()
        except NoAnswer as error:
            _log.warning("mtn.create_unanswered", reference=order.reference, error=repr(error))
            return Unknown(answered=False)
        if answer.status == _CONFLICT:
            return await self._known_already(account, order)
        return self._accepted(account, order) if answer.status == _ACCEPTED else _refused(answer, order.reference)

    async def _known_already(self, account: Account, order: Order) -> CreateResult:
        """MTN has a request with this id: ours, from a try whose answer we never saw. It may be over already."""
        payment = Payment(
            reference=order.reference,
            provider_id=None,
            method=order.method,
            total=order.total,
            created_at=self._clock(),
        )
        answer = await self.status(account, payment)
        if not isinstance(answer, Accepted):
            return Unknown(answered=False)
        pending = answer.state.status == "pending"
        return self._accepted(account, order) if pending else answer

    def _accepted(self, account: Account, order: Order) -> Accepted:
        """The answer is empty: accepted means that the payer is asked, no more."""
        phone = order.phone or ""
        state = PaymentState(
            provider_id=request_id(order.reference),
            account=account.external_id,
            reference=order.reference,
            status="pending",
            total=order.total,
            next_action=Prompt(phone=phone, expires_at=self._clock() + PROMPT_FOR),
            payer_last4=phone[-4:],
        )
        return Accepted(state)


def _refused(answer: Answer, reference: str) -> CreateResult:
    code = code_of(answer)
    _log.warning("mtn.create_refused", reference=reference, status=answer.status, code=code)
    if answer.status >= _SERVER_ERROR_FIRST and code not in _REFUSALS:
        # A gateway in front of it answers 502 to 504 while what stands behind goes on.
        return Unknown(answered=answer.status == _SERVER_ERROR_FIRST)
    if answer.status in _UNDECIDED:
        return Unknown(answered=True)
    return Refused(code.lower() or f"http_{answer.status}", _FIELDS.get(code))
