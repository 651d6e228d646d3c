"""Answers kept as bytes for a moment, so that a link which many open at once is rendered once."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final, Generic, TypeVar
from uuid import UUID

from shared.contracts.links import LinkView

KEPT_SECONDS: Final = 1.0
"""How long another replica's news may take; a change seen in this process counts at once."""
KEPT_MAX: Final = 2_000

_T = TypeVar("_T")


class Rendered(Generic[_T]):
    """By slug and variant (the locale). What does not exist is never kept: it may be made any moment."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._kept: OrderedDict[tuple[str, str], tuple[float, UUID, _T]] = OrderedDict()
        self._slugs: dict[UUID, set[tuple[str, str]]] = {}

    def get(self, slug: str, variant: str = "") -> _T | None:
        kept = self._kept.get((slug, variant))
        if kept is None or kept[0] < self._monotonic():
            return None
        return kept[2]

    def put(self, slug: str, link_id: UUID, value: _T, *, variant: str = "") -> _T:
        key = (slug, variant)
        self._kept[key] = (self._monotonic() + KEPT_SECONDS, link_id, value)
        self._kept.move_to_end(key)
        self._slugs.setdefault(link_id, set()).add(key)
        if len(self._kept) > KEPT_MAX:
            self._forget(next(iter(self._kept)))
        return value

    def drop(self, link_ids: Iterable[UUID]) -> None:
        for link_id in link_ids:
            for key in self._slugs.pop(link_id, ()):
                self._kept.pop(key, None)

    def clear(self) -> None:
        self._kept.clear()
        self._slugs.clear()

    def _forget(self, key: tuple[str, str]) -> None:
        _, link_id, _ = self._kept.pop(key)
        keys = self._slugs.get(link_id, set())
        keys.discard(key)
        if not keys:
            self._slugs.pop(link_id, None)


class Kept:
    """All that is kept: of the JSON API, of the pages, and links as they were just found."""

    def __init__(self) -> None:
        self.answers = Rendered[object]()
        self.pages = Rendered[object]()
        self.recent = Rendered[LinkView]()

    def link_changed(self, link_ids: Iterable[UUID]) -> None:
        changed = list(link_ids)
        for one in (self.answers, self.pages, self.recent):
            one.drop(changed)

    def clear(self) -> None:
        for one in (self.answers, self.pages, self.recent):
            one.clear()
