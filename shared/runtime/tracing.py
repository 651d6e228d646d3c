"""W3C trace context (https://www.w3.org/TR/trace-context/) through HTTP and NATS headers.

A `traceparent` that came in is continued, otherwise one is begun, and logs, facts and calls to providers bear it.
`spans` sends each hop to a collector, where there is one.
"""

import re
from contextvars import ContextVar

from shared.kernel.chance import random_bytes

_current: ContextVar[str | None] = ContextVar("traceparent", default=None)
_VALID = re.compile(r"^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$")


def current_traceparent() -> str | None:
    return _current.get()


def current_trace_id() -> str | None:
    traceparent = _current.get()
    return traceparent[3:35] if traceparent else None


def continue_trace(traceparent: str | None) -> str:
    """Makes `traceparent` (or a new one, when it is absent or malformed) the current one and returns it."""
    traceparent = continued(traceparent) or _begun()
    _current.set(traceparent)
    return traceparent


def continued(traceparent: str | None) -> str | None:
    """The same, if it is one."""
    return traceparent if traceparent is not None and _VALID.match(traceparent) else None


def _begun() -> str:
    ids = random_bytes(24).hex()
    return f"00-{ids[:32]}-{ids[32:]}-01"
