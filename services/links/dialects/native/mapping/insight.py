from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from services.links.dialects.native.mapping.links import link_out
from services.links.dialects.native.wire import insight as wire
from services.links.domain import feed, history
from services.links.domain.eligibility import Failing, Rule
from services.links.domain.link import Link
from services.links.domain.slugs import Availability

_ENDED: Final = "What has ended never comes back: make a new link."
NEXT_STEPS: Final[dict[Rule, str]] = {
    "archived": _ENDED,
    "revoked": _ENDED,
    "deleted": _ENDED,
    "expired": "Set expires_at to a later time, or to null.",
    "exhausted": "Raise uses_max, or set it to null.",
    "all_held": "Wait: what other buyers hold is free again when they pay, fail or give up. Or raise uses_max.",
    "paused": "Resume the link.",
    "not_started": "Wait, or set starts_at to an earlier time or to null.",
    "no_payable_method": "Name a method that a connected provider takes, or connect a provider.",
    "product_archived": "None is needed: the link keeps its price. Bring the product back, or name another.",
    "plan_archived": "None is needed: the link keeps its price. Bring the plan back, or name another.",
    "recipient_unverified": "The recipient enters the code that is mailed to them.",
}


def eligibility_out(link: Link, failing: Sequence[Failing], now: datetime) -> wire.Eligibility:
    return wire.Eligibility(
        link_id=link.id,
        eligible=not any(one.blocking for one in failing),
        state=link.state(now),
        checked_at=now,
        failing=[
            wire.Failing(
                code=one.rule,
                blocking=one.blocking,
                since=one.since,
                until=one.until,
                about=one.about,
                next_step=NEXT_STEPS[one.rule],
            )
            for one in failing
        ],
    )


def entry_out(entry: history.Entry, *, public_url: str) -> wire.TimelineEntry:
    names = () if entry.before is None else history.changed_fields(entry.before, entry.after)
    old, new = _values(entry.before or entry.after, public_url), _values(entry.after, public_url)
    return wire.TimelineEntry(
        revision=entry.revision,
        change=entry.change,
        by=entry.by,
        at=entry.at,
        fields=[wire.FieldChange(name, old[name], new[name]) for name in names],
    )


def feed_out(found: Sequence[feed.Entry], *, after_seq: int, limit: int) -> msgspec.Struct:
    """`found` holds one more than `limit`, if there is more."""
    shown = found[:limit]
    return _Feed(data=shown, last_seq=shown[-1].seq if shown else after_seq, has_more=len(found) > len(shown))


def availability_out(found: Availability) -> wire.SlugAvailability:
    return wire.SlugAvailability(
        slug=found.slug,
        available=found.reason is None,
        reason=found.reason,
        rule=found.rule,
        suggestions=list(found.suggestions),
    )


class _Feed(msgspec.Struct, frozen=True, kw_only=True):
    """`wire.Feed` whose data goes out as it is stored."""

    data: Sequence[feed.Entry]
    last_seq: int
    has_more: bool


def _values(link: Link, public_url: str) -> dict[str, Any]:
    out = link_out(link, public_url=public_url, now=link.updated_at)
    return {**msgspec.structs.asdict(out), "uses_max": link.uses.max}
