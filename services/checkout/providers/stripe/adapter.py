"""Stripe by its hosted Checkout page: cards never reach us.

Creating is repeated with the same Idempotency-Key (our reference) while there is time; what is unknown after that is
found by its reference among the sessions of those minutes.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal

import msgspec

from services.checkout.domain.reconciliation import About
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
    FindResult,
    NotSent,
    Order,
    Page,
    Payment,
    PaymentFound,
    RefundOrder,
    RefundResult,
    RefundStatusResult,
    Refused,
    StatusResult,
    TooLate,
    Unknown,
    Unreachable,
)
from services.checkout.providers.stripe import lists, refunds, signature
from services.checkout.providers.stripe.amounts import TAKEN, NotWhole
from services.checkout.providers.stripe.client import NO_USE, OK, UNREADABLE, StripeApi, refused
from services.checkout.providers.stripe.events import content_of
from services.checkout.providers.stripe.request import session_form
from services.checkout.providers.stripe.sessions import SESSIONS, reference_of, session_by_id, session_id_of, session_of
from services.checkout.providers.stripe.wire import WireSession, state_of
from services.checkout.providers.timed_signature import HEADER_CHARS_MAX
from shared.contracts.links import Method
from shared.kernel.moment import Clock, utc_now
from shared.runtime.logs import logger

URL: Final = "https://api.stripe.com"
PAYMENT_INTENT: Final = "pi_"

_log = logger("stripe")
_session: Final = msgspec.json.Decoder(WireSession)


class Stripe:
    """Implements `providers.port.Provider`. `url` differs from Stripe's own only in test mode."""

    name = "stripe"
    takes: Mapping[Method, frozenset[str] | None] = MappingProxyType({"card": TAKEN})
    refunds: Literal["partial", "full", "none"] = "partial"
    credentials = (
        Credential(
            name="secret_key",
            pattern=r"(sk|rk)_(test|live)_[A-Za-z0-9_]{8,240}",
            hint="Developers, API keys: the secret key, or a restricted one that may write sessions and refunds.",
        ),
        Credential(
            name="webhook_secret",
            pattern=r"whsec_[A-Za-z0-9+/=_-]{8,240}",
            hint="Developers, Webhooks: the signing secret of the endpoint that you add there.",
        ),
    )

    def __init__(self, url: str = URL, *, timeout_seconds: float, clock: Clock = utc_now) -> None:
        self._api = StripeApi(url.rstrip("/"), timeout_seconds=timeout_seconds)
        self._clock = clock

    async def close(self) -> None:
        await self._api.close()

    async def create(self, account: Account, order: Order) -> CreateResult:
        if _is_of_other_mode(account):
            return Refused("key_of_other_mode", None)
        try:
            form = session_form(order, now=self._clock())
        except NotWhole:
            return Refused("amount_not_whole", "amount")
        return await self._begun(account, order.reference, form=form)

    async def _begun(self, account: Account, reference: str, *, form: bytes) -> CreateResult:
        try:
            heard = await self._api.post(account, SESSIONS, form=form, key=reference)
            if heard.answer.status != OK:
                return refused(heard, reference)
            return Accepted(state_of(_session.decode(heard.answer.body), account.external_id))
        except NotConnected as error:
            _log.warning("stripe.create_not_sent", reference=reference, error=repr(error))
            return NotSent()
        except (NoAnswer, *UNREADABLE) as error:
            _log.warning("stripe.create_unanswered", reference=reference, error=repr(error))
            return Unknown(answered=False)

    async def status(self, account: Account, payment: Payment) -> StatusResult:
        try:
            session = await session_of(self._api, account, payment)
            return Absent() if session is None else Accepted(state_of(session, account.external_id))
        except NO_USE as error:
            _log.warning("stripe.status_unanswered", reference=payment.reference, error=repr(error))
            return Unreachable()

    async def expire(self, account: Account, payment: Payment) -> ExpireResult:
        """Stripe does not call off a session that is paid, or that a slow payment is under way for."""
        try:
            session_id = await session_id_of(self._api, account, payment)
            if session_id is None:
                return Unreachable()
            path = f"{SESSIONS}/{session_id}/expire"
            heard = await self._api.post(account, path, key=None)
            if heard.answer.status == OK:
                return Accepted(state_of(_session.decode(heard.answer.body), account.external_id))
            session = await session_by_id(self._api, account, session_id)
            return Unreachable() if session is None else _not_called_off(session, account)
        except NO_USE as error:
            _log.warning("stripe.expire_unanswered", reference=payment.reference, error=repr(error))
            return Unreachable()

    async def refund(self, account: Account, order: RefundOrder) -> RefundResult:
        if _is_of_other_mode(account):
            return Refused("key_of_other_mode", None)
        return await refunds.refund(self._api, account, order)

    async def refund_status(self, account: Account, order: RefundOrder, provider_id: str | None) -> RefundStatusResult:
        return await refunds.refund_status(self._api, account, order, provider_id=provider_id)

    async def find_reference(self, account: Account, payment_id: str) -> FindResult:
        """Of the payment that a refund or dispute names by its payment intent: what we begin has one, by its page."""
        if not payment_id.startswith(PAYMENT_INTENT):
            return Absent()
        try:
            reference = await reference_of(self._api, account, payment_id)
        except NO_USE as error:
            _log.warning("stripe.reference_unanswered", payment_intent=payment_id, error=repr(error))
            return Unreachable()
        return PaymentFound(reference) if reference else Absent()

    async def listed(
        self, account: Account, about: About, *, since: datetime, until: datetime, after: str | None
    ) -> Page | Unreachable:
        try:
            return await lists.page_of(self._api, account, about, since=since, until=until, after=after)
        except NO_USE as error:
            _log.warning("stripe.list_unanswered", about=about, error=repr(error))
            return Unreachable()

    def is_authentic(self, account: Account, headers: Mapping[str, str], *, body: bytes, now: datetime) -> bool:
        secret = account.credentials["webhook_secret"]
        return signature.is_authentic(headers.get(signature.HEADER), body, secret=secret, now=now)

    def read(self, account: str, body: bytes) -> CallbackContent | None:
        return content_of(account, body)

    def kept_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        signed = headers.get(signature.HEADER)
        return {signature.HEADER: signed[:HEADER_CHARS_MAX]} if signed else {}


def _is_of_other_mode(account: Account) -> bool:
    """A live key in a test account would take real money for an order that is only tried out."""
    return ("_live_" in account.credentials["secret_key"][:8]) != account.livemode


def _not_called_off(session: WireSession, account: Account) -> ExpireResult:
    """What a session is that Stripe refused to expire. Raises: NotOurs, NotWhole."""
    if session.status == "open":
        return Unreachable()
    state = state_of(session, account.external_id)
    if state.status == "succeeded":
        return TooLate()
    return CannotExpire() if state.status == "pending" else Accepted(state)
