"""Wave's API: who asks, and which answers are worth another try."""

from typing import Final

import msgspec

from services.checkout.providers.http import Answer, HttpClient, NoAnswer, NotConnected
from services.checkout.providers.port import Account
from services.checkout.providers.tries import Heard, Question, ask
from services.checkout.providers.wave.wire import Unreadable, error_code

TOO_MANY: Final = 429
SERVER_ERROR_FIRST: Final = 500
UNDECIDED: Final = frozenset({408, 425, TOO_MANY})
UNREADABLE: Final = (msgspec.MsgspecError, RecursionError, Unreadable)
NO_USE: Final = (NotConnected, NoAnswer, *UNREADABLE)
_SUCCESS: Final = range(200, 300)
_NOT_FOUND: Final = 404


class WaveApi:
    def __init__(self, url: str, *, timeout_seconds: float) -> None:
        self._url = url
        self._timeout_seconds = timeout_seconds
        self._http = HttpClient(url, timeout_seconds=timeout_seconds)

    async def get(self, account: Account, target: str) -> Heard:
        """Raises: NotConnected, NoAnswer."""
        return await self._ask(account, "GET", target, repeatable=True)

    async def post(self, account: Account, target: str, *, body: bytes = b"", repeatable: bool = False) -> Heard:
        """Raises: NotConnected, NoAnswer."""
        return await self._ask(account, "POST", target, body=body, repeatable=repeatable)

    async def close(self) -> None:
        await self._http.close()

    async def _ask(self, account: Account, method: str, target: str, *, body: bytes = b"", repeatable: bool) -> Heard:
        if account.livemode and not self._url.startswith("https://"):
            raise NotConnected("a live key goes over https only")
        headers = {"authorization": f"Bearer {account.credentials['api_key']}"}
        if body:
            headers["content-type"] = "application/json"
        question = Question(method=method, target=target, headers=headers, body=body, repeatable=repeatable)
        return await ask(self._http, question, again=is_worth_another_try, seconds_max=self._timeout_seconds)


def is_worth_another_try(answer: Answer) -> bool:
    return answer.status >= SERVER_ERROR_FIRST or answer.status == TOO_MANY


def is_ok(heard: Heard) -> bool:
    return heard.answer.status in _SUCCESS


def is_missing(heard: Heard) -> bool:
    """Only Wave's own word counts: a proxy says 404, too."""
    return heard.answer.status == _NOT_FOUND and error_code(heard.answer.body) == "checkout-session-not-found"
