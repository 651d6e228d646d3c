"""How often a merchant may have the recipients of links reminded."""

from typing import Final

from shared.contracts.links import RemindersView
from shared.kernel.faults import Invalid

REMINDERS_MAX: Final = 10
HOURS_MAX: Final = 366 * 24
DAYS_MAX: Final = 366


def check_reminders(reminders: RemindersView) -> None:
    """Raises Invalid, with the name of the field."""
    _check("before_expiry_hours", reminders.before_expiry_hours, HOURS_MAX)
    _check("unpaid_days", reminders.unpaid_days, DAYS_MAX)
    _check("renewal_days", reminders.renewal_days, DAYS_MAX)
    _check("dunning_days", reminders.dunning_days, DAYS_MAX)


def _check(field: str, named: tuple[int, ...], most: int) -> None:
    if len(named) > REMINDERS_MAX or len(set(named)) != len(named):
        raise Invalid(f"reminders.{field}", f"must name at most {REMINDERS_MAX}, and none twice")
    if any(not 1 <= one <= most for one in named):
        raise Invalid(f"reminders.{field}", f"must be from 1 to {most}")
