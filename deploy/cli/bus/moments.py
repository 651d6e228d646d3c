import re
from datetime import UTC, datetime, timedelta

from deploy.cli.bus.connect import CliError

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(?:\d+[smhd])+")


def duration(text: str) -> timedelta:
    """`90s`, `1h30m`, `7d`.

    Raises:
        CliError: it is none, or longer than time is.
    """
    if not _DURATION.fullmatch(text):
        raise CliError(f"'{text}' is not a duration: write one such as 90s, 10m, 1h30m or 7d.")
    try:
        return _sum(text)
    except OverflowError:
        raise CliError(f"'{text}' is too long.") from None


def moment_to_come(text: str, *, now: datetime) -> datetime:
    """In `30d`, or an RFC 3339 moment.

    Raises:
        CliError: it is neither.
    """
    try:
        return now + duration(text) if _DURATION.fullmatch(text) else moment(text, now=now)
    except OverflowError:
        raise CliError(f"'{text}' is too long.") from None


def moment(text: str, *, now: datetime) -> datetime:
    """`10m`, `1h30m`, `7d` ago, or an RFC 3339 moment; one without an offset is in the time zone of this machine.

    Raises:
        CliError: it is neither.
    """
    if _DURATION.fullmatch(text):
        try:
            return now - _sum(text)
        except OverflowError:
            return datetime.min.replace(tzinfo=UTC)
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CliError(
            f"'{text}' is not a time: write a duration such as 10m, 2h or 7d, or a moment such as 2027-03-05T11:05:00Z."
        ) from None


def _sum(text: str) -> timedelta:
    """Raises: OverflowError."""
    parts = re.findall(r"(\d+)([smhd])", text)
    return sum((timedelta(**{_UNITS[unit]: int(n)}) for n, unit in parts), timedelta())
