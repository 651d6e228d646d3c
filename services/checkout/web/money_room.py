"""What the merchant's routes about money are given, and what they have in common."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import get_args
from uuid import UUID

import msgspec
from msgspec import Struct

from services.checkout.use_cases.read_money import Owner, ReadMoney
from services.checkout.use_cases.refund_charge import RefundCharge
from shared.kernel.faults import Invalid
from shared.kernel.moment import Clock
from shared.runtime.callers import Callers
from shared.runtime.merchant import Call
from shared.runtime.postgres import Postgres


class MoneyRoom(Struct, frozen=True, kw_only=True):
    postgres: Postgres
    callers: Callers
    read: ReadMoney
    refund_charge: RefundCharge
    clock: Clock


def owner_of(call: Call) -> Owner:
    return Owner(call.caller.org_id, call.caller.livemode)


def choice(filters: Mapping[str, str], name: str, known: object) -> str | None:
    """Raises: Invalid: not one of the values of the Literal `known`."""
    value = filters.get(name)
    if value is not None and value not in get_args(known):
        raise Invalid(name, f"must be one of {', '.join(get_args(known))}")
    return value


def identifier(filters: Mapping[str, str], name: str) -> UUID | None:
    """Raises: Invalid: not a UUID."""
    value = filters.get(name)
    if value is None:
        return None
    try:
        return UUID(value)
    except ValueError:
        raise Invalid(name, "must be a UUID") from None


def moment(filters: Mapping[str, str], name: str) -> datetime | None:
    """Raises: Invalid: not a moment, or without its offset."""
    value = filters.get(name)
    if value is None:
        return None
    try:
        found = msgspec.convert(value, datetime)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        pass
    raise Invalid(name, "must be a moment with its offset, such as 2027-03-05T11:05:00Z")
