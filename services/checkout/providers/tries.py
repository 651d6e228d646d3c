"""One request in a bounded number of tries and a bounded time."""

import asyncio
import random
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from services.checkout.providers.http import Answer, HttpClient, NoAnswer, NotConnected

TRIES_MAX: Final = 3
FIRST_PAUSE_SECONDS: Final = 0.15


class Question(Struct, frozen=True, kw_only=True):
    """`repeatable`: asking twice does the same as asking once, so that a request without an answer may be repeated."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    repeatable: bool


class Heard(Struct, frozen=True):
    """`unanswered`: an earlier try got no answer, so the provider may have acted on it, or may still do."""

    answer: Answer
    unanswered: bool


async def ask(http: HttpClient, question: Question, *, again: Callable[[Answer], bool], seconds_max: float) -> Heard:
    """`again` says which answers of a repeatable question are worth another try.

    Raises:
        NotConnected: nothing of it was ever sent.
        NoAnswer: it was sent, and no whole answer came in time.
    """
    unanswered = False
    try:
        async with asyncio.timeout(seconds_max):
            for attempt in range(1, TRIES_MAX + 1):
                is_last = attempt == TRIES_MAX
                try:
                    answer = await http.send(
                        question.method, question.target, headers=question.headers, body=question.body
                    )
                except NotConnected as error:
                    if is_last:
                        raise (NoAnswer if unanswered else NotConnected)(str(error)) from error
                except NoAnswer:
                    unanswered = True
                    if is_last or not question.repeatable:
                        raise
                else:
                    if is_last or not question.repeatable or not again(answer):
                        return Heard(answer, unanswered)
                await asyncio.sleep(FIRST_PAUSE_SECONDS * attempt * random.uniform(0.5, 1.5))  # noqa: S311 - spreads load
    except TimeoutError as error:
        raise NoAnswer("the time for all tries is over") from error
    raise AssertionError("unreachable")
