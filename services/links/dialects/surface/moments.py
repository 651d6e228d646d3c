"""Times as the documents write them: ISO 8601, in and out."""

from datetime import UTC, datetime

from msgspec import UnsetType

from shared.kernel.faults import Invalid


def iso_in(field: str, text: str | UnsetType | None) -> datetime | UnsetType | None:
    """An ISO 8601 time as aware UTC; a time without an offset is UTC, a date its midnight.

    Raises:
        Invalid: it cannot be read, or no calendar has it.
    """
    if not isinstance(text, str):
        return text
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Invalid(field, "must be a time such as 2027-12-31T23:59:59Z") from None


def iso_seconds(moment: datetime) -> str:
    """`2024-07-15T10:00:00Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_millis(moment: datetime) -> str:
    """`2023-10-27T10:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
