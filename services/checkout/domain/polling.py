"""When to ask a provider about a charge that has not ended."""

from datetime import timedelta
from typing import Final

FIRST_POLL: Final = timedelta(seconds=5)
"""A callback usually comes within a second or two; this is for the lost ones."""

SCHEDULE_SECONDS: Final = (10.0, 30.0, 120.0, 600.0, *(3600.0,) * 72, 86_400.0)
"""Until the next poll, by how many were made. After three days once a day: unknown never becomes failed by itself."""
