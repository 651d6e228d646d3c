"""Wave Checkout: the payer goes on in Wave's app, or scans its code.

Wave has no idempotency key. A create that went unanswered is never repeated: it is looked for by `client_reference`,
at once and again by every later status request. A full refund may be asked for again: Wave gives it once.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import quote

import msgspec

from services.checkout.providers.http import NoAnswer, NotConnected
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
    RefundState,
    RefundStatusResult,
    Refused,
    StatusResult,
    TooLate,
    Unknown,
    Unreachable,
)
from services.checkout.providers.timed_signature import HEADER_CHARS_MAX
from services.checkout.providers.tries import Heard
from services.checkout.providers.wave import signature
from services.checkout.providers.wave.client import (
    NO_USE,
    SERVER_ERROR_FIRST,
    UNDECIDED,
    UNREADABLE,
    WaveApi,
    is_missing,
    is_ok,
)
from services.checkout.providers.wave.wire import (
    CURRENCY,
    SearchAnswer,
    WireSession,
    content_of,
    error_code,
    request_of,
    state_of,
)
from shared.contracts.links import Method
from shared.kernel.moment import Clock, utc_now
from shared.runtime.logs import logger

URL: Final = "https://api.wave.com"
SESSIONS: Final = "/v1/checkout/sessions"

_log = logger("wave")
_encode: Final = msgspec.json.Encoder().encode
_session: Final = msgspec.json.Decoder(WireSession)
_search: Final = msgspec.json.Decoder(SearchAnswer)


class Wave:
    """Implements `providers.port.Provider`. `url` differs from Wave's own only in test mode."""

    name = "wave"
    takes: Mapping[Method, frozenset[str] | None] = MappingProxyType({"mobile_money": frozenset({CURRENCY})})
    refunds: Literal["partial", "full", "none"] = "full"
    credentials = (
        Credential(
            name="api_key",
            pattern=r"wave_[a-z]{2}_[a-z]{2,16}_[A-Za-z0-9_-]{8,240}",
            hint="Business portal, Developers, API keys: a key that may use the Checkout API.",
        ),
        Credential(
            name="webhook_secret",
            pattern=r"wave_[a-z]{2}_[A-Za-z]{2,16}_[A-Za-z0-9_-]{6,240}",
            hint="Business portal, Developers, Webhooks: the secret of a webhook with the SIGNING_SECRET strategy.",
        ),
    )

    def __init__(self, url: str = URL, *, timeout_seconds: float, clock: Clock = utc_now) -> None:
        self._url = url.rstrip("/")
        self._api = WaveApi(self._url, timeout_seconds=timeout_seconds)
        self._clock = clock

    async def close(self) -> None:
        await self._api.close()

    async def create(self, account: Account, order: Order) -> CreateResult:
        if self._url == URL and not account.livemode:
            return Refused("no_test_mode", None)
        if order.total.currency != CURRENCY:
            return Refused("currency_not_taken", "currency")
        try:
            heard = await self._api.post(account, SESSIONS, body=_encode(request_of(order)))
            if is_ok(heard):
                return Accepted(state_of(_session.decode(heard.answer.body), account.external_id, now=self._clock()))
            result = _refused(heard, order.reference)
        except NotConnected as error:
            _log.warning("wave.create_not_sent", reference=order.reference, error=repr(error))
            return NotSent()
        except (NoAnswer, *UNREADABLE) as error:
            _log.warning("wave.create_unanswered", reference=order.reference, error=repr(error))
            result = Unknown(answered=False)
        return result if isinstance(result, Refused) else await self._stored(account, order.reference) or result

    async def status(self, account: Account, payment: Payment) -> StatusResult:
        try:
            session = await self._session(account, payment)
            return Absent() if session is None else self._accepted(session, account)
        except NO_USE as error:
            _log.warning("wave.status_unanswered", reference=payment.reference, error=repr(error))
            return Unreachable()

    async def expire(self, account: Account, payment: Payment) -> ExpireResult:
        """Wave answers with nothing, or 409 for a session that is over: its status says which it was."""
        try:
            session = await self._session(account, payment)
            if session is None:
                return Unreachable()
            if session.checkout_status == "open":
                await self._api.post(account, f"{SESSIONS}/{session.id}/expire", repeatable=True)
                session = await self._by_id(account, session.id)
            if session is None or session.checkout_status == "open":
                return Unreachable()
            accepted = self._accepted(session, account)
        except NO_USE as error:
            _log.warning("wave.expire_unanswered", reference=payment.reference, error=repr(error))
            return Unreachable()
        if accepted.state.status == "succeeded":
            return TooLate()
        return CannotExpire() if accepted.state.status == "pending" else accepted

    async def refund(self, account: Account, order: RefundOrder) -> RefundResult:
        if order.amount != order.payment.total:
            return Refused("partial_refunds_not_taken", "amount")
        try:
            session = await self._session(account, order.payment)
        except NO_USE as error:
            _log.warning("wave.refund_not_sent", reference=order.reference, error=repr(error))
            return NotSent()
        if session is None or (session.payment_status != "succeeded" and session.when_refunded is None):
            return Refused("not_paid", None)
        try:
            heard = await self._api.post(account, f"{SESSIONS}/{session.id}/refund", repeatable=True)
        except NotConnected as error:
            _log.warning("wave.refund_not_sent", reference=order.reference, error=repr(error))
            return NotSent()
        except NoAnswer as error:
            _log.warning("wave.refund_unanswered", reference=order.reference, error=str(error))
            return Unknown(answered=False)
        return _refunded(session, order) if is_ok(heard) else _refused(heard, order.reference)

    async def refund_status(self, account: Account, order: RefundOrder, provider_id: str | None) -> RefundStatusResult:
        """Absent is safe to act on even where Wave does not say `when_refunded`: it gives money back once."""
        try:
            session = await self._session(account, order.payment)
        except NO_USE as error:
            _log.warning("wave.refund_status_unanswered", reference=order.reference, error=repr(error))
            return Unreachable()
        # Who knows its id has heard that it was given.
        given = session is not None and (session.when_refunded is not None or provider_id is not None)
        return _refunded(session, order) if session is not None and given else Absent()

    def is_authentic(self, account: Account, headers: Mapping[str, str], *, body: bytes, now: datetime) -> bool:
        secret = account.credentials["webhook_secret"]
        return signature.is_authentic(headers.get(signature.HEADER), body, secret=secret, now=now)

    def read(self, account: str, body: bytes) -> CallbackContent | None:
        return content_of(account, body)

    def kept_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        signed = headers.get(signature.HEADER)
        return {signature.HEADER: signed[:HEADER_CHARS_MAX]} if signed else {}

    def _accepted(self, session: WireSession, account: Account) -> Accepted:
        return Accepted(state_of(session, account.external_id, now=self._clock()))

    async def _stored(self, account: Account, reference: str) -> Accepted | None:
        """What Wave made of a create that it did not answer. Not found yet: a later status request looks again."""
        try:
            session = await self._find(account, reference)
            return None if session is None else self._accepted(session, account)
        except NO_USE as error:
            _log.warning("wave.search_unanswered", reference=reference, error=repr(error))
            return None

    async def _session(self, account: Account, payment: Payment) -> WireSession | None:
        if payment.provider_id is None:
            return await self._find(account, payment.reference)
        return await self._by_id(account, payment.provider_id)

    async def _by_id(self, account: Account, session_id: str) -> WireSession | None:
        heard = await self._api.get(account, f"{SESSIONS}/{session_id}")
        if is_missing(heard):
            return None
        if not is_ok(heard):
            raise NoAnswer(f"status {heard.answer.status}")
        return _session.decode(heard.answer.body)

    async def _find(self, account: Account, reference: str) -> WireSession | None:
        """Should there be several, the one that was paid: the pages of the others were shown to nobody."""
        heard = await self._api.get(account, f"{SESSIONS}/search?client_reference={quote(reference, safe='')}")
        if not is_ok(heard):
            raise NoAnswer(f"status {heard.answer.status}")
        found = [one for one in _search.decode(heard.answer.body).result if one.client_reference == reference]
        return next((one for one in found if one.payment_status == "succeeded"), found[0] if found else None)


def _refunded(session: WireSession, order: RefundOrder) -> RefundState:
    return RefundState(
        provider_id=session.transaction_id or session.id,
        reference=order.reference,
        status="succeeded",
        amount=order.amount,
    )


def _refused(heard: Heard, reference: str) -> Refused | Unknown:
    status, code = heard.answer.status, error_code(heard.answer.body)
    _log.warning("wave.refused", reference=reference, status=status, code=code)
    if status >= SERVER_ERROR_FIRST or status in UNDECIDED or heard.unanswered:
        return Unknown(answered=not heard.unanswered)
    return Refused(code or f"http_{status}", None)
