"""What became of one attempt to hand a mail to the mail server, and what follows from it.

due --claim--> sending --Delivered--------------------------> sent
                  |-----Refused, or tried for too long------> failed
                  |-----Obsolete----------------------------> skipped
                  |-----Unwanted----------------------------> suppressed
                  `-----Deferred, Unknown, Unreachable, Early-> due (and when its lease runs out)
"""

import re
from datetime import datetime, timedelta
from typing import Final, Literal, assert_never

import msgspec

from shared.contracts.notify import SkipReason

SOON_SECONDS: Final = (2, 10, 60, 300, 1_800, 7_200, 21_600, 86_400)
LATER_SECONDS: Final = SOON_SECONDS[1:]
TRIED_FOR: Final = timedelta(days=5)
"""RFC 5321 section 4.5.4.1: "the give-up time generally needs to be at least 4-5 days"."""
ERROR_CHARS_MAX: Final = 300
_UNKNOWN_USER: Final = re.compile(r"55\d[ -]5\.1\.(1|6|10)\b")


class Delivered(msgspec.Struct, frozen=True):
    """The server took responsibility for it (250 after the content)."""


class Refused(msgspec.Struct, frozen=True):
    """The server will never take it (5xx). `unknown_user`: nor anything else for this address."""

    answer: str
    unknown_user: bool = False


class Deferred(msgspec.Struct, frozen=True):
    """Not taken this time (4xx, or the connection ended before the content): certainly not delivered."""

    answer: str


class Unknown(msgspec.Struct, frozen=True):
    """The content was handed over and no answer came: it goes again under the same Message-ID."""

    reason: str


class Unreachable(msgspec.Struct, frozen=True):
    """There was no conversation at all: says nothing about this mail, and is no attempt of it."""

    reason: str


class Obsolete(msgspec.Struct, frozen=True):
    """It was not handed over: what it was to say is not true any more."""

    reason: SkipReason = "no_longer_due"


class Unwanted(msgspec.Struct, frozen=True):
    """It was not handed over: there is no such address, as a mail server has said before."""


class Early(msgspec.Struct, frozen=True):
    """It was not handed over yet: its reader sleeps, or others for the same domain come first."""

    until: datetime


Outcome = Delivered | Refused | Deferred | Unknown | Unreachable | Obsolete | Unwanted | Early


class Verdict(msgspec.Struct, frozen=True):
    state: Literal["sent", "failed", "due", "skipped", "suppressed"]
    due_at: datetime
    error: str | None = None
    counts: bool = True
    suppresses: bool = False


def verdict(outcome: Outcome, *, attempts: int, created_at: datetime, now: datetime, jitter: float) -> Verdict:
    """What the ledger says after an attempt. `attempts` were made before; `jitter` is between 0 and 1."""
    match outcome:
        case Delivered():
            return Verdict("sent", now)
        case Refused(answer, unknown_user):
            return Verdict("failed", now, answer[:ERROR_CHARS_MAX], suppresses=unknown_user)
        case Obsolete() | Unwanted() | Unreachable() | Early():
            return _untried(outcome, now)
        case Deferred(reason):
            steps = LATER_SECONDS
        case Unknown(reason):
            steps = SOON_SECONDS
        case _:
            assert_never(outcome)
    if now - created_at >= TRIED_FOR:
        return Verdict("failed", now, f"gave up: {reason}"[:ERROR_CHARS_MAX])
    seconds = steps[min(attempts, len(steps) - 1)] * (0.8 + 0.4 * jitter)
    return Verdict("due", now + timedelta(seconds=seconds), reason[:ERROR_CHARS_MAX])


def is_unknown_user(answer: str) -> bool:
    """Whether an answer says that there is no such address, in the words of RFC 3463 and RFC 7505."""
    return _UNKNOWN_USER.match(answer) is not None


def _untried(outcome: Obsolete | Unwanted | Unreachable | Early, now: datetime) -> Verdict:
    match outcome:
        case Obsolete(reason):
            return Verdict("skipped", now, reason, counts=False)
        case Unwanted():
            return Verdict("suppressed", now, counts=False)
        case Unreachable(reason):
            return Verdict("due", now, reason[:ERROR_CHARS_MAX], counts=False)
        case Early(until):
            return Verdict("due", until, counts=False)
