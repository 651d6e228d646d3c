"""Stripe's API: who asks, in which version, and which answers are worth another try."""

from typing import Final
from urllib.parse import urlencode

import msgspec

from services.checkout.providers.http import Answer, HttpClient, NoAnswer, NotConnected
from services.checkout.providers.port import Account, Refused, Unknown
from services.checkout.providers.stripe.amounts import NotWhole
from services.checkout.providers.stripe.wire import ErrorAnswer, ErrorBody, NotOurs
from services.checkout.providers.tries import Heard, Question, ask
from shared.kernel.money import UnknownCurrency
from shared.runtime.logs import logger

VERSION: Final = "2026-10-28.endive"
CONFLICT: Final = 409
TOO_MANY: Final = 429
SERVER_ERROR_FIRST: Final = 500
UNDECIDED: Final = frozenset({408, CONFLICT, 425, TOO_MANY})
OK: Final = 200
UNREADABLE: Final = (msgspec.MsgspecError, RecursionError, NotOurs, NotWhole, UnknownCurrency)
NO_USE: Final = (NotConnected, NoAnswer, *UNREADABLE)
_BAD_REQUEST: Final = 400
_NOT_FOUND: Final = 404
_FIELDS: Final = {"unit_amount": "amount", "amount": "amount", "currency": "currency", "customer_email": "email"}
_log = logger("stripe")
_error: Final = msgspec.json.Decoder(ErrorAnswer)


class StripeApi:
    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._http = HttpClient(url, timeout_seconds=timeout_seconds)

    async def get(self, account: Account, path: str, **query: str | list[str]) -> Heard:
        """Raises: NotConnected, NoAnswer."""
        target = f"{path}?{urlencode(query, doseq=True)}" if query else path
        return await self._ask(account, "GET", target, key=None)

    async def post(self, account: Account, path: str, *, form: bytes = b"", key: str | None) -> Heard:
        """`key` makes repeating safe: for 24 hours Stripe gives the first answer again, whatever it was.

        None where doing it twice is the same as once: then a stored error is not heard again and again.

        Raises:
            NotConnected, NoAnswer.
        """
        return await self._ask(account, "POST", path, form=form, key=key)

    async def close(self) -> None:
        await self._http.close()

    async def _ask(self, account: Account, method: str, target: str, *, form: bytes = b"", key: str | None) -> Heard:
        if account.livemode and not self._url.startswith("https://"):
            raise NotConnected("a live key goes over https only")
        headers = {"authorization": f"Bearer {account.credentials['secret_key']}", "stripe-version": VERSION}
        if method == "POST":
            headers["content-type"] = "application/x-www-form-urlencoded"
        if key is not None:
            headers["idempotency-key"] = key
        question = Question(method=method, target=target, headers=headers, body=form, repeatable=True)
        return await ask(self._http, question, again=is_worth_another_try, seconds_max=self._timeout_seconds)


def is_worth_another_try(answer: Answer) -> bool:
    """Stripe knows best, where it says so: https://docs.stripe.com/error-low-level#stripe-should-retry."""
    advice = answer.headers.get("stripe-should-retry")
    if advice in {"true", "false"}:
        return advice == "true"
    return answer.status == CONFLICT or answer.status >= SERVER_ERROR_FIRST


def error_of(answer: Answer) -> ErrorBody:
    try:
        return _error.decode(answer.body).error
    except (msgspec.MsgspecError, RecursionError):
        return ErrorBody()


def refused(heard: Heard, reference: str) -> Refused | Unknown:
    """An earlier try that went unanswered may have been accepted: then only a verdict about the form itself counts."""
    said, status = error_of(heard.answer), heard.answer.status
    _log.warning("stripe.refused", reference=reference, status=status, type=said.type, code=said.code)
    if status >= SERVER_ERROR_FIRST or status in UNDECIDED or said.type == "idempotency_error":
        return Unknown(answered=not heard.unanswered)
    if heard.unanswered and status != _BAD_REQUEST:
        return Unknown(answered=False)
    name = (said.param or "").rpartition("[")[2].rstrip("]")
    return Refused(said.decline_code or said.code or said.type or f"http_{status}", _FIELDS.get(name))


def is_missing(heard: Heard) -> bool:
    """Only Stripe's own word counts: a proxy says 404, too."""
    return heard.answer.status == _NOT_FOUND and error_of(heard.answer).code == "resource_missing"
