import re
from datetime import UTC, datetime, timedelta

from deploy.cli.bus.connect import CliError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(?:\d+[smhd])+")


def moment(text: str, *, now: datetime) -> datetime:
    """`10m`, `1h30m`, `7d` ago, or an RFC 3339 moment; one without an offset is in the time zone of this machine.

    Raises:
        CliError: it is neither.
    """
    if _DURATION.fullmatch(text):
        parts = re.findall(r"(\d+)([smhd])", text)
        try:
            return now - sum((timedelta(**{_UNITS[unit]: int(n)}) for n, unit in parts), timedelta())
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CliError(
            f"'{text}' is not a time: write a duration such as 10m, 2h or 7d, or a moment such as 2027-03-05T11:05:00Z."
        ) from None
