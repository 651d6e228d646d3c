"""Short lines on stderr. No line may hold a card number, a key or a secret."""

import sys
from datetime import UTC, datetime


def log(message: str) -> None:
    now = datetime.now(UTC).strftime("%H:%M:%S.%f")[:-3]
    sys.stderr.write(f"{now} sandbox {message}\n")
    sys.stderr.flush()
