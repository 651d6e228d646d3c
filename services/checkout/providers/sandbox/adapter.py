"""The sandbox provider, always there in test mode: a thin client of its API."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import urlencode
from uuid import UUID

import msgspec

from services.checkout.domain.reconciliation import About
from services.checkout.providers.http import Answer, HttpClient, NoAnswer, NotConnected
from services.checkout.providers.port import (
    Absent,
    Accepted,
    Account,
    CallbackContent,
    CreateResult,
    Credential,
    ExpireResult,
    NotSent,
    Order,
    Page,
    Payment,
    RefundOrder,
    RefundResult,
    RefundStatusResult,
    Refused,
    StatusResult,
    TooLate,
    Unknown,
    Unreachable,
)
from services.checkout.providers.sandbox import signature
from services.checkout.providers.sandbox.lists import PAGE, payments_of, refunds_of
from services.checkout.providers.sandbox.wire import (
    AccountAnswer,
    AccountRequest,
    ErrorAnswer,
    ErrorBody,
    WirePayment,
    WireRefund,
    one_line,
    refund_request_of,
    refund_state_of,
    request_of,
    signal_of,
    state_of,
)
from shared.contracts.links import Method
from shared.kernel.faults import Unavailable
from shared.runtime.logs import logger
from shared.runtime.tracing import current_traceparent

_log = logger("sandbox")
_encode: Final = msgspec.json.Encoder().encode
_payment: Final = msgspec.json.Decoder(WirePayment)
_refund: Final = msgspec.json.Decoder(WireRefund)
_account: Final = msgspec.json.Decoder(AccountAnswer)
_error: Final = msgspec.json.Decoder(ErrorAnswer)
_JSON: Final = {"content-type": "application/json"}
# It did not take the request now, or has seen the reference before: only its status says what it has.
_UNDECIDED: Final = frozenset({408, 409, 425, 429})
_CREATED: Final = 201
_OK: Final = 200
_NOT_FOUND: Final = 404
_CONFLICT: Final = 409
_SERVER_ERROR_FIRST: Final = 500


class Sandbox:
    """Implements `providers.port.Provider`. One pool of kept connections for all accounts."""

    name = "sandbox"
    takes: Mapping[Method, frozenset[str] | None] = MappingProxyType(
        {"mobile_money": None, "card": None, "ussd": None, "bank_transfer": None}
    )
    refunds: Literal["partial", "full", "none"] = "partial"
    credentials: tuple[Credential, ...] = ()
    """Nobody copies any: accounts are opened by the platform."""

    def __init__(self, url: str, platform_key: str, *, timeout_seconds: float) -> None:
        self.url = url.rstrip("/")
        self._platform_key = platform_key
        self._http = HttpClient(self.url, timeout_seconds=timeout_seconds)

    async def close(self) -> None:
        await self._http.close()

    async def open_account(self, org_id: UUID, name: str) -> AccountAnswer:
        """The same account however often it is asked for.

        Raises:
            Unavailable: the provider does not answer, or not as expected.
        """
        try:
            answer = await self._http.send(
                "POST",
                "/v1/accounts",
                body=_encode(AccountRequest(org_id, one_line(name))),
                headers=_JSON | {"authorization": f"Bearer {self._platform_key}"},
            )
            if answer.status not in {_OK, _CREATED}:
                _log.error("sandbox.account_refused", status=answer.status)
                raise Unavailable("provider")
            return _account.decode(answer.body)
        except (NotConnected, NoAnswer, msgspec.MsgspecError) as error:
            raise Unavailable("provider") from error

    async def create(self, account: Account, order: Order) -> CreateResult:
        headers = _JSON | {
            "authorization": f"Bearer {account.credentials['api_key']}",
            "idempotency-key": order.reference,
        }
        if traceparent := current_traceparent():
            headers["traceparent"] = traceparent
        try:
            answer = await self._http.send("POST", "/v1/payments", body=_encode(request_of(order)), headers=headers)
        except NotConnected as error:
            _log.warning("sandbox.create_not_sent", reference=order.reference, error=repr(error))
            return NotSent()
        except NoAnswer as error:
            _log.warning("sandbox.create_unanswered", reference=order.reference, error=repr(error))
            return Unknown(answered=False)
        return _created(answer, order.reference)

    async def status(self, account: Account, payment: Payment) -> StatusResult:
        reference = payment.reference
        try:
            answer = await self._http.send(
                "GET",
                f"/v1/payments?reference={reference}",
                headers=_as(account),
            )
            if answer.status == _OK:
                return Accepted(state_of(_payment.decode(answer.body)))
        except (NotConnected, NoAnswer, msgspec.MsgspecError) as error:
            _log.warning("sandbox.status_unanswered", reference=reference, error=repr(error))
            return Unreachable()
        if answer.status == _NOT_FOUND and _error_of(answer.body).code == "payment_not_found":
            return Absent()
        _log.warning("sandbox.status_refused", reference=reference, status=answer.status)
        return Unreachable()

    async def expire(self, account: Account, payment: Payment) -> ExpireResult:
        provider_id = payment.provider_id
        if provider_id is None:
            return Unreachable()
        try:
            answer = await self._http.send("POST", f"/v1/payments/{provider_id}/expire", headers=_as(account))
            if answer.status == _OK:
                return Accepted(state_of(_payment.decode(answer.body)))
        except (NotConnected, NoAnswer, msgspec.MsgspecError) as error:
            _log.warning("sandbox.expire_unanswered", payment=provider_id, error=repr(error))
            return Unreachable()
        if answer.status == _CONFLICT and _error_of(answer.body).code == "already_succeeded":
            return TooLate()
        _log.warning("sandbox.expire_refused", payment=provider_id, status=answer.status)
        return Unreachable()

    async def listed(
        self, account: Account, about: About, *, since: datetime, until: datetime, after: str | None
    ) -> Page | Unreachable:
        path, page_of = ("/v1/payments", payments_of) if about == "charge" else ("/v1/refunds", refunds_of)
        asked = {"created_from": since.isoformat(), "created_before": until.isoformat(), "limit": str(PAGE)}
        query = urlencode(asked | ({"after": after} if after else {}))
        try:
            answer = await self._http.send("GET", f"{path}?{query}", headers=_as(account))
            if answer.status == _OK:
                return page_of(answer.body)
        except (NotConnected, NoAnswer, msgspec.MsgspecError) as error:
            _log.warning("sandbox.list_unanswered", about=about, error=repr(error))
            return Unreachable()
        _log.warning("sandbox.list_refused", about=about, status=answer.status)
        return Unreachable()

    def is_authentic(self, account: Account, headers: Mapping[str, str], *, body: bytes, now: datetime) -> bool:
        return signature.is_authentic(
            headers.get(signature.HEADER), body, secret=account.credentials["webhook_secret"], now=now
        )

    async def refund(self, account: Account, order: RefundOrder) -> RefundResult:
        if (request := refund_request_of(order)) is None:
            return Refused("payment_unknown", None)
        headers = _JSON | _as(account) | {"idempotency-key": order.reference}
        try:
            answer = await self._http.send("POST", "/v1/refunds", body=_encode(request), headers=headers)
            if answer.status in {_OK, _CREATED}:
                return refund_state_of(_refund.decode(answer.body))
        except NotConnected as error:
            _log.warning("sandbox.refund_not_sent", reference=order.reference, error=repr(error))
            return NotSent()
        except (NoAnswer, msgspec.MsgspecError) as error:
            _log.warning("sandbox.refund_unanswered", reference=order.reference, error=repr(error))
            return Unknown(answered=False)
        _log.warning("sandbox.refund_refused", reference=order.reference, status=answer.status)
        if _is_undecided(answer.status):
            return Unknown(answered=True)
        said = _error_of(answer.body)
        return Refused(said.code, said.param)

    async def refund_status(self, account: Account, order: RefundOrder, provider_id: str | None) -> RefundStatusResult:
        reference = order.reference
        try:
            answer = await self._http.send("GET", f"/v1/refunds?reference={reference}", headers=_as(account))
            if answer.status == _OK:
                return refund_state_of(_refund.decode(answer.body))
        except (NotConnected, NoAnswer, msgspec.MsgspecError) as error:
            _log.warning("sandbox.refund_status_unanswered", reference=reference, error=repr(error))
            return Unreachable()
        if answer.status == _NOT_FOUND and _error_of(answer.body).code == "refund_not_found":
            return Absent()
        _log.warning("sandbox.refund_status_refused", reference=reference, status=answer.status)
        return Unreachable()

    def read(self, account: str, body: bytes) -> CallbackContent | None:
        return signal_of(body)

    def kept_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        signed = headers.get(signature.HEADER)
        return {signature.HEADER: signed[:1024]} if signed else {}

    def card_field_url(self, account: Account) -> str:
        """The page for an iframe; who embeds it adds `&parent=<its origin>&locale=…`."""
        return f"{self.url}/fields/card?publishable_key={account.credentials['publishable_key']}"


def _as(account: Account) -> dict[str, str]:
    return {"authorization": f"Bearer {account.credentials['api_key']}"}


def _created(answer: Answer, reference: str) -> CreateResult:
    if answer.status in {_OK, _CREATED}:
        try:
            return Accepted(state_of(_payment.decode(answer.body)))
        except msgspec.MsgspecError as error:
            _log.error("sandbox.answer_unreadable", reference=reference, error=repr(error))
            return Unknown(answered=False)
    _log.warning("sandbox.create_refused", reference=reference, status=answer.status)
    if _is_undecided(answer.status):
        return Unknown(answered=True)
    said = _error_of(answer.body)
    return Refused(said.code, said.param)


def _is_undecided(status: int) -> bool:
    return status >= _SERVER_ERROR_FIRST or status in _UNDECIDED


def _error_of(content: bytes) -> ErrorBody:
    try:
        return _error.decode(content).error
    except msgspec.MsgspecError:
        return ErrorBody("unreadable")
