"""How long a buyer sits and waits. After that, how the payment ended has to reach them by mail."""

from datetime import datetime, timedelta
from typing import Final

WAITS: Final = timedelta(minutes=2)


def waited(pending_since: datetime | None, ended_at: datetime) -> bool:
    return pending_since is not None and ended_at - pending_since > WAITS
