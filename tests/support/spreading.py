"""Which tests run together on one of the processes that share a run (pytest-xdist).

A file stays together, since its fixtures of scope "module" start servers. The files that share the session's stack stay
together, since every process that ran one of them would start another. They come first: the longest way is begun at
once, and the small files fill the gaps at the end.
"""

from pathlib import PurePosixPath

from xdist.scheduler import LoadScopeScheduling

STACK = "the shared stack"
_SHARE_THE_STACK = PurePosixPath("tests/e2e")
_NEED_NO_STACK = {_SHARE_THE_STACK / "test_pages_render.py"}


def company(nodeid: str) -> str:
    """Tests of one company run in one process, one after the other."""
    path = PurePosixPath(nodeid.split("::", 1)[0])
    if path.is_relative_to(_SHARE_THE_STACK) and path not in _NEED_NO_STACK:
        return STACK
    return str(path)


class Spreading(LoadScopeScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return company(nodeid)
