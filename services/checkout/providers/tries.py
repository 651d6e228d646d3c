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
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds_max
    for attempt in range(1, TRIES_MAX + 1):
        pause_seconds = FIRST_PAUSE_SECONDS * attempt * random.uniform(0.5, 1.5)  # noqa: S311 - it spreads load
        try:
            async with asyncio.timeout_at(until):
                answer = await http.send(question.method, question.target, headers=question.headers, body=question.body)
        except NotConnected as error:
            if _is_last(attempt, loop.time() + pause_seconds, until):
                raise (NoAnswer if unanswered else NotConnected)(str(error)) from error
        except (NoAnswer, TimeoutError) as error:
            unanswered = True
            if not question.repeatable or _is_last(attempt, loop.time() + pause_seconds, until):
                raise NoAnswer(str(error) or "the time for all tries is over") from error
        else:
            is_enough = not question.repeatable or not again(answer)
            if is_enough or _is_last(attempt, loop.time() + pause_seconds, until):
                return Heard(answer, unanswered)
        await asyncio.sleep(pause_seconds)
    raise AssertionError("unreachable")


def _is_last(attempt: int, next_at: float, until: float) -> bool:
    return attempt == TRIES_MAX or next_at >= until
