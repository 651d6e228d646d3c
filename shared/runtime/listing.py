"""Lists of a merchant's API: how many, after which, with which filters; and the page that answers."""

import base64
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar
from uuid import UUID

import msgspec

from shared.kernel.faults import Invalid

LIMIT_DEFAULT: Final = 50
LIMIT_MAX: Final = 100
VALUE_CHARS_MAX: Final = 200
_ID_BYTES: Final = 16

T = TypeVar("T")
_Item = TypeVar("_Item")
_Word = TypeVar("_Word", bound=str)


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Newest first. `next_cursor` goes into `?cursor=` for what comes after."""

    data: list[T]
    has_more: bool
    next_cursor: str | None


class Listing(msgspec.Struct, frozen=True):
    """What a list was asked for: at most `limit`. `after` is the place of the last thing that the caller has seen."""

    limit: int
    after: str | None
    filters: Mapping[str, str]

    @property
    def before(self) -> UUID | None:
        """The place in lists that go down by id.

        Raises:
            Invalid: the cursor was not made by such a list.
        """
        if self.after is None:
            return None
        raw = self.after.encode("latin-1")
        if len(raw) != _ID_BYTES:
            raise Invalid("cursor", "is not one of ours")
        return UUID(bytes=raw)

    def page(
        self, found: Sequence[_Item], out: Callable[[_Item], T], *, place: Callable[[_Item], UUID | str]
    ) -> Page[T]:
        """`found` holds one more than was asked for, if there is more."""
        shown = found[: self.limit]
        more = len(found) > len(shown)
        return Page([out(item) for item in shown], more, cursor_of(place(shown[-1])) if more else None)


def listing(query: Iterable[tuple[str, str]], filters: Iterable[str] = ()) -> Listing:
    """Of the query's names and values.

    Raises:
        Invalid: a name that is not known or stands twice, a limit out of bounds, a cursor that is not ours.
    """
    known = {"limit", "cursor", *filters}
    named: dict[str, str] = {}
    for name, value in query:
        if name not in known:
            raise Invalid(name[:64], "is not a parameter of this list")
        if name in named or len(value) > VALUE_CHARS_MAX:
            raise Invalid(name, "must stand once, and be short")
        named[name] = value
    limit = named.pop("limit", str(LIMIT_DEFAULT))
    if not (limit.isascii() and limit.isdigit() and len(limit) < 4 and 1 <= int(limit) <= LIMIT_MAX):  # noqa: PLR2004 - digits
        raise Invalid("limit", f"must be from 1 to {LIMIT_MAX}")
    cursor = named.pop("cursor", None)
    return Listing(int(limit), None if cursor is None else _place(cursor), named)


def choice(filters: Mapping[str, str], name: str, known: Collection[_Word]) -> _Word | None:
    """Raises: Invalid: not one of them."""
    value = filters.get(name)
    if value is None:
        return None
    for word in known:
        if word == value:
            return word
    raise Invalid(name, f"must be one of {', '.join(known)}")


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


def cursor_of(place: UUID | str) -> str:
    raw = place.bytes if isinstance(place, UUID) else place.encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _place(cursor: str) -> str:
    """As latin-1, which has a letter for every byte of an id."""
    try:
        raw = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), b"-_", validate=True)
    except ValueError:
        raise Invalid("cursor", "is not one of ours") from None
    return raw.decode("latin-1")
