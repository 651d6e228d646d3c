"""A payment link, and the one place that knows why it would refuse a buyer."""

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import msgspec

from services.links.domain import pricing
from services.links.domain.organization import Organization
from services.links.domain.pricing import Pricing
from shared.contracts.links import (
    BrandingView,
    CollectView,
    EndedAs,
    LateSuccessPolicy,
    LinkView,
    Method,
    RecipientView,
    RefusalReason,
    RemindersView,
    UsesView,
)

State = Literal["active", "paused", "scheduled", "expired", "exhausted", "archived", "revoked", "deleted"]
Collect = CollectView
Recipient = RecipientView
Reminders = RemindersView


class Uses(msgspec.Struct, frozen=True):
    """`max` None is unlimited. `version` counts every change of the counters."""

    max: int | None = None
    used: int = 0
    held: int = 0
    version: int = 0
    exhausted_at: datetime | None = None

    @property
    def remaining(self) -> int | None:
        """How many more buyers may begin now."""
        return None if self.max is None else max(0, self.max - self.used - self.held)

    @property
    def view(self) -> UsesView:
        return UsesView(self.used, self.held, self.version)

    def with_max(self, uses_max: int | None, now: datetime) -> "Uses":
        reached = uses_max is not None and self.used >= uses_max
        exhausted_at = (self.exhausted_at or now) if reached else None
        return msgspec.structs.replace(self, max=uses_max, exhausted_at=exhausted_at)


class Refusal(msgspec.Struct, frozen=True):
    reason: RefusalReason
    since: datetime | None


class Gate(msgspec.Struct, frozen=True, kw_only=True):
    """The part of a link that decides whether a buyer may begin."""

    starts_at: datetime | None = None
    expires_at: datetime | None = None
    paused_at: datetime | None = None
    ended_at: datetime | None = None
    ended_as: EndedAs | None = None
    late_payment_policy: LateSuccessPolicy = "accept"
    uses: Uses = Uses()

    def refusal(self, now: datetime) -> Refusal | None:
        """Why a buyer may not begin at `now`; None when he may. Of expiry and exhaustion the earlier one counts."""
        if closed := self.closed(now):
            return closed
        if self.paused_at is not None:
            return Refusal("paused", self.paused_at)
        if self.starts_at is not None and now < self.starts_at:
            return Refusal("not_started", None)
        return None

    def closed(self, now: datetime) -> Refusal | None:
        """Why nobody will ever pay it again, as it stands: it ended, expired, or every use is paid for."""
        if self.ended_at is not None and self.ended_as is not None:
            return Refusal(self.ended_as, self.ended_at)
        expired = self.expires_at if self.expires_at is not None and self.expires_at <= now else None
        exhausted = self.uses.exhausted_at
        if expired is not None and (exhausted is None or expired <= exhausted):
            return Refusal("expired", expired)
        if exhausted is not None:
            return Refusal("exhausted", exhausted)
        return None

    def over_at(self, moment: datetime) -> bool:
        """Whether it had ended or expired by then. Paid for or not is another question."""
        return any(end is not None and end <= moment for end in (self.ended_at, self.expires_at))

    def state(self, now: datetime) -> State:
        refusal = self.refusal(now)
        if refusal is None:
            return "active"
        return "scheduled" if refusal.reason == "not_started" else refusal.reason


class Branding(msgspec.Struct, frozen=True):
    color: str | None = None
    logo_url: str | None = None


class Link(Gate, frozen=True, kw_only=True):
    """`internal_name`, `private_note` and `reference` are the merchant's own and never shown to a buyer.

    With `gate_otp` a buyer proves by a code that he reads the mail of `recipient`; `verified_at` says that this was
    proven before the link was made. At `scheduled_at` the link is mailed to the recipient, who is reminded by
    `reminders`, or those of the organization where they are None. `metadata` is any JSON object; its fractions are
    Decimals.
    """

    id: UUID
    org_id: UUID
    livemode: bool
    slug: str
    title: str
    description: str | None = None
    private_note: str | None = None
    pricing: Pricing
    methods: tuple[Method, ...]
    providers: tuple[str, ...] = ()
    collect: Collect = Collect()
    success_url: str | None = None
    cancel_url: str | None = None
    branding: Branding = Branding()
    metadata: dict[str, Any]
    internal_name: str | None = None
    coupons_allowed: bool = False
    recipient: Recipient | None = None
    gate_otp: bool = False
    verified_at: datetime | None = None
    scheduled_at: datetime | None = None
    reminders: Reminders | None = None
    reference: str | None = None
    created_by: str = ""
    revision: int = 1
    created_at: datetime
    updated_at: datetime


def view_of(link: Link, organization: Organization) -> LinkView:
    """The link as the bus sees it: nothing private."""
    return LinkView(
        id=link.id,
        org_id=link.org_id,
        slug=link.slug,
        title=link.title,
        description=link.description,
        pricing=pricing.view_of(link.pricing),
        methods=link.methods,
        providers=link.providers,
        collect=link.collect,
        success_url=link.success_url,
        cancel_url=link.cancel_url,
        merchant=msgspec.structs.replace(
            organization.merchant,
            logo_url=link.branding.logo_url or organization.logo_url,
            color=link.branding.color or organization.color,
        ),
        merchant_revision=organization.revision,
        branding=BrandingView(link.branding.color, link.branding.logo_url),
        livemode=link.livemode,
        paused_at=link.paused_at,
        ended_at=link.ended_at,
        ended_as=link.ended_as,
        starts_at=link.starts_at,
        expires_at=link.expires_at,
        uses_max=link.uses.max,
        late_payment_policy=link.late_payment_policy,
        revision=link.revision,
        uses=link.uses.view,
        exhausted_at=link.uses.exhausted_at,
        coupons_allowed=link.coupons_allowed,
        recipient=link.recipient,
        gate_otp=link.gate_otp and link.verified_at is None,
        scheduled_at=link.scheduled_at,
        created_at=link.created_at,
        reminders=link.reminders,
        default_reminders=organization.reminders,
    )
