"""When to ask a provider about a charge."""

from datetime import timedelta
from typing import Final

FIRST_POLL: Final = timedelta(seconds=5)
"""A callback usually comes within a second or two; this is for the lost ones."""

SCHEDULE_SECONDS: Final = (10.0, 30.0, 120.0, 600.0, *(3600.0,) * 72, 86_400.0)
"""Until the next poll, by how many were made. After three days once a day: unknown never becomes failed by itself."""

MOBILE_MONEY_SECONDS: Final = (
    *(10.0, 15.0, 20.0, 30.0, 30.0, 45.0, 60.0, 60.0),
    *(120.0, 600.0, *(3600.0,) * 72, 86_400.0),
)
"""The payer has about five minutes to approve, and the page waits: closer at first, then as any other."""

BANK_TRANSFER_SECONDS: Final = (60.0, 600.0, *(3600.0,) * 168, 86_400.0)
"""Banks take hours, some of them days: every hour for a week."""

FIRST_FEE_ASK: Final = timedelta(seconds=5)
"""After a capture: a provider that settles by and by has booked its fee within seconds, as a rule."""

FEE_SECONDS: Final = (30.0, 300.0, 3600.0, 21_600.0, 86_400.0, 86_400.0)
"""Until a provider that had no fee to tell is asked for it again, by how often it was asked. After the last of these
nobody asks any more: the daily comparison still learns it."""

LOOK_BACK_SECONDS: Final = (60.0, 600.0, 3600.0, 86_400.0, 259_200.0)
"""After a charge failed or expired, each after the one before: finds money that was captured after all, and whose
callback was lost."""
