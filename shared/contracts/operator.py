"""What the operator's command line asks the services, checkout above all."""

from datetime import date, datetime
from uuid import UUID

import msgspec


class ListCallbacks(msgspec.Struct, frozen=True, kw_only=True):
    """Of every organization, newest first."""

    verdict: str | None = None
    provider: str | None = None
    limit: int = 50


class OneCallback(msgspec.Struct, frozen=True):
    callback_id: UUID


class CallbackTold(msgspec.Struct, frozen=True, kw_only=True):
    """`headers` and `body` only where one callback was asked for."""

    id: UUID
    org_id: UUID
    provider: str
    account_id: UUID
    event_id: str | None
    verdict: str
    charge_id: UUID | None
    received_at: datetime
    applied_at: datetime | None
    retry_at: datetime | None
    tries: int
    headers: dict[str, str] = {}
    body: str = ""


class CallbacksTold(msgspec.Struct, frozen=True):
    """Empty: there is none such."""

    callbacks: list[CallbackTold]
    replayed: bool = False


class Reseal(msgspec.Struct, frozen=True):
    """Seal every account's credentials with the present key."""


class Resealed(msgspec.Struct, frozen=True):
    """`failed`: an account is sealed with a key that checkout does not know; the others of its batch wait with it."""

    accounts: int
    failed: bool = False


class Reconcile(msgspec.Struct, frozen=True, kw_only=True):
    """Compare that day (UTC) with the providers, for every account, or those of `org_id`."""

    day: date
    org_id: UUID | None = None


class ReconciledAccount(msgspec.Struct, frozen=True, kw_only=True):
    """`listed`: entries on the provider's own list; None where it has none, or did not give it."""

    account_id: UUID
    org_id: UUID
    provider: str
    livemode: bool
    compared: int
    refunds_compared: int = 0
    listed: int | None = None
    unanswered: int
    differences: int


class Reconciled(msgspec.Struct, frozen=True):
    accounts: list[ReconciledAccount]


class ShowClock(msgspec.Struct, frozen=True):
    """What time is it? Answered in test mode alone."""


class ClockTold(msgspec.Struct, frozen=True):
    """`offset_seconds` is how far time was moved: `now` less real time."""

    now: datetime
    offset_seconds: int
