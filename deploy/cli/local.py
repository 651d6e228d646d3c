"""Where the stack of this machine is: what `make up` wrote into local.json."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec


class NotRunningError(Exception):
    """There is no local.json that can be read; the message is meant for the person at the terminal."""


def read_local_file(environment: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """The content of `$PAYLINKS_HOME/local.json` (default `var/local.json`).

    Raises:
        NotRunningError: no stack is ready with that home.
    """
    path = Path(environment.get("PAYLINKS_HOME") or "var").expanduser() / "local.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
    except OSError:
        raise NotRunningError(f"No stack is running here: {path} is not there. Start one with 'make up'.") from None
    except msgspec.MsgspecError:
        raise NotRunningError(f"{path} cannot be read. Stop the stack and start it again with 'make up'.") from None
