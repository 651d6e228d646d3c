"""What the control API makes go wrong, and what then becomes of callbacks."""

from collections.abc import Callable, Iterable
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from deploy.simulators.callbacks.records import Callback

SHUFFLE_WINDOW_MS = 2_000
Count = Annotated[int, Meta(ge=0, le=100_000)]
Milliseconds = Annotated[int, Meta(ge=0, le=3_600_000)]


class CallbackFaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    callbacks: Literal["deliver", "drop", "duplicate", "shuffle"] = "deliver"
    callback_times: Annotated[int, Meta(ge=1, le=50)] = 10
    callback_delay_ms: Milliseconds = 0


class Faults(CallbackFaults, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`fail_requests`: so many of the next changing requests answer 500 and do nothing.

    `lose_answers`: so many of the next changing requests are carried out, and their answer comes `lost_for_ms` late.
    `busy_requests`: so many of the next requests are told to come again (409 or 429, as the provider does).
    """

    fail_requests: Count = 0
    busy_requests: Count = 0
    lose_answers: Count = 0
    lost_for_ms: Milliseconds = 15_000


def by_faults(callbacks: Iterable[Callback], faults: CallbackFaults, *, below: Callable[[int], int]) -> list[Callback]:
    """What really goes out of the callbacks that an event makes. `below(n)` is chance: 0 to n-1."""
    if faults.callbacks == "drop":
        return [msgspec.structs.replace(one, state="dropped", due_ms=None) for one in callbacks]
    times = faults.callback_times if faults.callbacks in {"duplicate", "shuffle"} else 1
    window_ms = SHUFFLE_WINDOW_MS if faults.callbacks == "shuffle" else 1
    return [
        msgspec.structs.replace(one, due_ms=one.created_ms + faults.callback_delay_ms + below(window_ms))
        for one in callbacks
        for _ in range(times)
    ]
