"""Which tests run together on one of the processes that share a run (pytest-xdist), and in which order.

A file stays together, since its fixtures of scope "module" start servers. The files that share the session's stack stay
together, since every process that ran one of them would start another.

They come first: the longest way is begun at once. Then come the fault tests, which wait more than they compute, so that
others compute meanwhile. The unit tests come last: small, they fill the gaps at the end.
"""

from collections import Counter
from pathlib import PurePosixPath
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

STACK = "the shared stack"
_SHARE_THE_STACK = PurePosixPath("tests/e2e")
_NEED_NO_STACK = {_SHARE_THE_STACK / name for name in ("test_pages_render.py", "test_pages_return.py")}
_EARLY = (STACK, "tests/faults/")
_LATE = ("tests/unit/",)


def company(nodeid: str) -> str:
    """Tests of one company run in one process, one after the other."""
    path = PurePosixPath(nodeid.split("::", 1)[0])
    if path.is_relative_to(_SHARE_THE_STACK) and path not in _NEED_NO_STACK:
        return STACK
    return str(path)


def in_order(nodeids: list[str]) -> list[int]:
    """Their places in `nodeids`, in the order in which to begin them; what is equal stays in its order."""
    companies = [company(nodeid) for nodeid in nodeids]
    sizes = Counter(companies)

    def when(place: int) -> tuple[int, int, str]:
        one = companies[place]
        rank = next((number for number, early in enumerate(_EARLY) if one.startswith(early)), len(_EARLY))
        return rank + one.startswith(_LATE), -sizes[one], one

    return sorted(range(len(nodeids)), key=when)


def arrange(items: list[pytest.Item]) -> None:
    items[:] = [items[place] for place in in_order([item.nodeid for item in items])]


class Spreading(LoadScopeScheduling):
    def __init__(self, config: pytest.Config, log: Any = None) -> None:
        super().__init__(config, log)
        # Theirs knows only how many tests a file has.
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return company(nodeid)
