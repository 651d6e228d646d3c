"""What a caller names must be there, and be as the caller knows it."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from services.links.domain.faults import RevisionMismatch
from shared.kernel.faults import NotFound

ExpectsRevision = Callable[[int], bool]


class _Revised(Protocol):
    @property
    def revision(self) -> int: ...


_Found = TypeVar("_Found")
_Kept = TypeVar("_Kept", bound=_Revised)


def there(found: _Found | None, entity: str) -> _Found:
    """Raises: NotFound: there is none, or it is somebody else's."""
    if found is None:
        raise NotFound(entity)
    return found


def as_expected(found: _Kept | None, entity: str, expects: ExpectsRevision) -> _Kept:
    """Raises: NotFound, RevisionMismatch."""
    kept = there(found, entity)
    if not expects(kept.revision):
        raise RevisionMismatch(kept.revision)
    return kept
