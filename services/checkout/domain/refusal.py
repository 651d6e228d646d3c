"""Why a link takes no payment right now: the one function that every surface of checkout asks."""

from datetime import datetime

from msgspec import Struct

from shared.contracts.links import LinkView, RefusalReason
from shared.kernel.moment import to_wire


class Refusal(Struct, frozen=True):
    """`since` is when the link began to refuse; None where that was never told."""

    reason: RefusalReason
    since: datetime | None = None


def refusal(link: LinkView, now: datetime) -> Refusal | None:
    """Ended before paused before time before uses: what is most final is said first."""
    if link.ended_as is not None:
        return Refusal(link.ended_as, link.ended_at)
    if link.expires_at is not None and link.expires_at <= now:
        return Refusal("expired", link.expires_at)
    if link.uses_max is not None and link.uses.used >= link.uses_max:
        return Refusal("exhausted", link.exhausted_at)
    if link.paused_at is not None:
        return Refusal("paused", link.paused_at)
    if link.starts_at is not None and link.starts_at > now:
        # It has refused ever since it was made, if it never changed; else nobody told when it was put off.
        return Refusal("not_started", link.created_at if link.revision == 1 else None)
    return None


def next_step(reason: RefusalReason, *, starts_at: datetime | None, support_email: str | None) -> str:
    """What the buyer can do about it, in one or two short sentences."""
    contact = f"Write to {support_email}." if support_email else "Ask the merchant."
    match reason:
        case "not_started":
            return f"Come back after {to_wire(starts_at)}." if starts_at else "Come back later."
        case "paused":
            return f"The merchant has paused this link. Try again later. {contact}"
        case "expired" | "exhausted" | "archived" | "revoked" | "deleted":
            return f"No payment is taken here any more. {contact}"


def uses_remaining(link: LinkView) -> int | None:
    return None if link.uses_max is None else max(0, link.uses_max - link.uses.used - link.uses.held)


def may_be_all_held(link: LinkView) -> bool:
    """Not exhausted, but every use that is left seems to be held by somebody."""
    return link.uses_max is not None and link.uses.used + link.uses.held >= link.uses_max
