"""What happened to organizations, links and their uses."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.envelope import Event
from shared.contracts.links.views import LateSuccessPolicy, LinkView, MerchantView, RemindersView, UsesView


class OrganizationCreated(Event, frozen=True, kw_only=True):
    owner: ClassVar[str] = "links"
    entity: ClassVar[str] = "organization"
    fact: ClassVar[str] = "created"

    name: str


class OrganizationUpdated(Event, frozen=True, kw_only=True):
    """`merchant` is the organization as buyers see it, at `revision`; None in facts from before this was told.

    `reminders` are those of its links that have none of their own.
    """

    owner: ClassVar[str] = "links"
    entity: ClassVar[str] = "organization"
    fact: ClassVar[str] = "updated"

    name: str
    merchant: MerchantView | None = None
    revision: int = 0
    reminders: RemindersView | None = None


class LinkEvent(Event, frozen=True, kw_only=True):
    """Carries the whole link, so that a reader needs no earlier fact."""

    owner: ClassVar[str] = "links"
    entity: ClassVar[str] = "link"

    link: LinkView


class LinkCreated(LinkEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "created"


class LinkUpdated(LinkEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "updated"


class LinkPaused(LinkEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "paused"


class LinkResumed(LinkEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "resumed"


class LinkEnded(LinkEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "ended"


class LinkSendRequested(LinkEvent, frozen=True, kw_only=True):
    """Its mail is to go out now, and not at `scheduled_at`. Asked for again, it still goes out once."""

    fact: ClassVar[str] = "send_requested"


class UseEvent(Event, frozen=True, kw_only=True):
    """One use of a link changed hands; `uses` are the link's counters right after it."""

    owner: ClassVar[str] = "links"
    entity: ClassVar[str] = "use"

    session_id: UUID
    uses: UsesView
    uses_max: int | None = None


class UseHeld(UseEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "held"

    held_until: datetime


class UseSettled(UseEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "settled"

    charge_id: UUID


class UseReleased(UseEvent, frozen=True, kw_only=True):
    fact: ClassVar[str] = "released"

    reason: Literal["failed", "lapsed", "abandoned"]


class UseRefused(UseEvent, frozen=True, kw_only=True):
    """Money came in after the last use was gone: recorded, not counted; the policy says what is next."""

    fact: ClassVar[str] = "refused"

    charge_id: UUID
    policy: LateSuccessPolicy
