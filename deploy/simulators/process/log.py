"""Short lines on stderr. No line may hold a card number, a key or a secret."""

import sys
from datetime import UTC, datetime
from pathlib import Path

# `python -m deploy.simulators.stripe` runs `…/stripe/__main__.py`.
_PROCESS = Path(sys.argv[0]).parent.name


def log(message: str) -> None:
    now = datetime.now(UTC).strftime("%H:%M:%S.%f")[:-3]
    sys.stderr.write(f"{now} {_PROCESS} {message}\n")
    sys.stderr.flush()
