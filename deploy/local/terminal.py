import asyncio
import os
import sys

LOOK_SECONDS = 1.0


async def closed() -> None:
    """Wait until the terminal is closed that this was started in the foreground of; for ever, where there is none.

    SIGHUP does not tell it always: the kernel sends it to the first process of the terminal alone. That may be `make`
    (`ssh -t host make up`, a terminal opened for this one command), which passes nothing on and waits for us.
    """
    in_front = False
    while True:
        try:
            in_front = os.tcgetpgrp(sys.__stdin__.fileno()) == os.getpgrp()  # pyright: ignore[reportOptionalMemberAccess] - None counts as none below
        except (OSError, ValueError, AttributeError):
            break
        await asyncio.sleep(LOOK_SECONDS)
    if not in_front:
        # Never ours, or given up by `bg` and `disown`: whoever did that wants us to go on.
        await asyncio.Event().wait()
