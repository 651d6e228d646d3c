"""What a list is asked for: from when to when, and which page."""

from datetime import datetime

from msgspec import Struct

from deploy.simulators.sandbox.problems import refused
from deploy.simulators.sandbox.routes.access import HttpRequest

PAGE_MAX = 500
_NAMES = frozenset({"created_from", "created_before", "after", "limit"})


class Created(Struct, frozen=True, kw_only=True):
    from_ms: int
    before_ms: int
    after: str | None
    limit: int


def created_of(request: HttpRequest) -> Created:
    """Raises: ApiError: 400, with the parameter that is missing or wrong."""
    asked = request.query_params
    for name in asked:
        if name not in _NAMES:
            raise refused("invalid_request", "There is no such parameter.", param=name)
    limit = asked.get("limit", "100")
    if not (limit.isascii() and limit.isdigit() and len(limit) < 4 and 1 <= int(limit) <= PAGE_MAX):  # noqa: PLR2004 - as long as PAGE_MAX
        raise refused("invalid_request", f"Expected a whole number from 1 to {PAGE_MAX}.", param="limit")
    return Created(
        from_ms=_moment(asked.get("created_from"), "created_from"),
        before_ms=_moment(asked.get("created_before"), "created_before"),
        after=asked.get("after"),
        limit=int(limit),
    )


def _moment(text: str | None, param: str) -> int:
    try:
        moment = datetime.fromisoformat(text or "")
        if moment.tzinfo is not None:
            return int(moment.timestamp() * 1_000)
    except (ValueError, OverflowError):
        pass
    raise refused("invalid_request", "Name a moment, with its time zone.", param=param)
