import sys
import time
from contextlib import suppress


class Progress:
    """Lines that tell a person what happened, with the seconds since the start.

    When nobody reads them any more, as with `make up | head`, the stack goes on without them.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()

    def tell(self, part: str, what: str) -> None:
        self.say(f"  {part:<11} {what:<43} {time.monotonic() - self._began:6.1f} s")

    def say(self, text: str) -> None:
        with suppress(OSError):
            print(text, flush=True)

    def warn(self, text: str) -> None:
        with suppress(OSError):
            print(text, file=sys.stderr, flush=True)
