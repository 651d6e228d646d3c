"""The rules of one-time codes (docs/adr has the reasons; RFC 4226 section 7.3 asks for the throttling).

A guess costs an attempt before it is looked at. Five are all there are in an hour for one address and one link, over
however many codes: a code of six digits is then guessed once in 200,000 hours.
"""

from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec

CODES: Final = 1_000_000
CODE_DIGITS: Final = 6
LIFETIME: Final = timedelta(minutes=10)
ATTEMPTS_MAX: Final = 5
BUDGET: Final = timedelta(hours=1)
JUST_NOW: Final = timedelta(minutes=15)
"""How long a code that was right still says who it was right for (`gated` names it again when it makes a link)."""
NO_LINK: Final = UUID(int=0)

Refusal = Literal["wrong", "expired", "used", "too_many", "unknown"]


class Standing(msgspec.Struct, frozen=True):
    """What is known of a challenge after a guess that was not right."""

    attempts: int
    budget_until: datetime
    expires_at: datetime
    verified_at: datetime | None


class OtpMail(msgspec.Struct, frozen=True, kw_only=True):
    """What the mail says besides the code, which is in no ledger."""

    merchant_name: str
    support_email: str | None
    livemode: bool
    color: str | None = None


def code_of(number: int) -> str:
    """`number` is random and below CODES."""
    return f"{number:0{CODE_DIGITS}d}"


def looks_like_code(text: str) -> bool:
    return len(text) == CODE_DIGITS and text.isascii() and text.isdigit()


def scope_of(link_id: UUID | None) -> UUID:
    return link_id or NO_LINK


def came_too_late(asked_at: datetime, now: datetime) -> bool:
    """Nobody waits any more: a code sent now would answer a question of long ago."""
    return now - asked_at >= LIFETIME


def refusal(standing: Standing | None, *, counted: bool, now: datetime) -> tuple[Refusal, datetime | None]:
    """Why a guess was not right, and when there are attempts again. `counted`: it was compared, and was wrong."""
    if standing is None:
        return "unknown", None
    if standing.verified_at is None and standing.attempts >= ATTEMPTS_MAX and now < standing.budget_until:
        return "too_many", standing.budget_until
    if counted:
        return "wrong", None
    return ("expired" if standing.verified_at is None else "used"), None
