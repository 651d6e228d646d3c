"""Stripe's lists: newest first, by cursor."""

from collections.abc import Sequence
from typing import TypeVar

from deploy.simulators.stripe.parameters import Created, Listing
from deploy.simulators.stripe.problems import refused
from deploy.simulators.stripe.records import Refund, Session

Listed = TypeVar("Listed", Session, Refund)


def page_of(newest_first: Sequence[Listed], asked: Listing) -> tuple[list[Listed], bool]:
    """The page, and whether there is more. Raises: StripeError: 400, the cursor is unknown."""
    found = [one for one in newest_first if _is_of(one.created, asked.created)]
    if asked.starting_after is not None:
        found = found[_position(found, asked.starting_after, "starting_after") + 1 :]
    if asked.ending_before is not None:
        before = found[: _position(found, asked.ending_before, "ending_before")]
        return before[-asked.limit :], len(before) > asked.limit
    return found[: asked.limit], len(found) > asked.limit


def _position(found: Sequence[Listed], object_id: str, param: str) -> int:
    for position, one in enumerate(found):
        if one.id == object_id:
            return position
    raise refused(f"No such object: '{object_id[:80]}'", code="resource_missing", param=param)


def _is_of(created: int, asked: Created | int | None) -> bool:
    if not isinstance(asked, Created):
        return asked in {None, created}
    return (
        (asked.gt is None or created > asked.gt)
        and (asked.gte is None or created >= asked.gte)
        and (asked.lt is None or created < asked.lt)
        and (asked.lte is None or created <= asked.lte)
    )
