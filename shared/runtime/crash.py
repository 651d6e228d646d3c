"""Named places where a process may be told to die, so that fault tests need no lucky timing.

`PAYLINKS_CRASH=relay.published:3` ends the process, as kill -9 would, when that place is reached for the third time.
It is read in test mode only and costs a dictionary look-up.
"""

import os
import signal
from typing import Final


def _plan() -> dict[str, int]:
    if os.environ.get("PAYLINKS_TEST_MODE") != "1":
        return {}
    name, _, count = os.environ.get("PAYLINKS_CRASH", "").partition(":")
    return {name: int(count or "1")} if name else {}


_left: Final = _plan()


def crash_point(name: str) -> None:
    if name not in _left:
        return
    _left[name] -= 1
    if _left[name] == 0:
        os.kill(os.getpid(), signal.SIGKILL)
