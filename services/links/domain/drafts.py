"""What a merchant asks for, before it is a link: the same fields for making one and for changing one.

A field that is UNSET was not named. Every dialect builds these; the rules are here, once.
"""

from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from services.links.domain import pricing, slugs, texts
from services.links.domain.addresses import check_url
from services.links.domain.emails import check_email
from services.links.domain.link import Branding, Collect, Link, Recipient, Reminders
from services.links.domain.pricing import Pricing, PricingWanted
from services.links.domain.reminders import check_reminders
from shared.contracts.links import LateSuccessPolicy, Method
from shared.kernel.faults import Invalid

TITLE_CHARS_MAX: Final = 200
DESCRIPTION_CHARS_MAX: Final = 5_000
REFERENCE_CHARS_MAX: Final = 200
USES_MAX_MAX: Final = 10**9
PROVIDERS_MAX: Final = 10
_YEARS_AHEAD: Final = timedelta(days=366 * 50)


class LinkDraft(msgspec.Struct, frozen=True, kw_only=True):
    title: str | UnsetType = UNSET
    pricing: PricingWanted | UnsetType = UNSET
    slug: str | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    private_note: str | UnsetType | None = UNSET
    uses_max: int | UnsetType | None = UNSET
    starts_at: datetime | UnsetType | None = UNSET
    expires_at: datetime | UnsetType | None = UNSET
    methods: tuple[Method, ...] | UnsetType | None = UNSET
    """None is the organization's default, as it is now."""
    providers: tuple[str, ...] | UnsetType = UNSET
    """Empty is the organization's default, whatever that becomes."""
    collect: Collect | UnsetType = UNSET
    success_url: str | UnsetType | None = UNSET
    cancel_url: str | UnsetType | None = UNSET
    branding: Branding | UnsetType = UNSET
    metadata: dict[str, Any] | UnsetType = UNSET
    internal_name: str | UnsetType | None = UNSET
    coupons_allowed: bool | UnsetType = UNSET
    recipient: Recipient | UnsetType | None = UNSET
    gate_otp: bool | UnsetType = UNSET
    verified_at: datetime | UnsetType | None = UNSET
    scheduled_at: datetime | UnsetType | None = UNSET
    reminders: Reminders | UnsetType | None = UNSET
    """None is the organization's, whatever they become."""
    reference: str | UnsetType | None = UNSET
    paused: bool | UnsetType = UNSET
    late_payment_policy: LateSuccessPolicy | UnsetType | None = UNSET
    """None is the organization's."""


def check(draft: LinkDraft, now: datetime, *, test_mode: bool) -> None:
    """Checks what is named.

    Raises:
        Invalid: with the name of the field.
        UnknownCurrency: from the pricing.
    """
    _check_texts(draft)
    if draft.pricing is not UNSET:
        pricing.check(draft.pricing)
    if draft.slug is not UNSET:
        slugs.check(draft.slug)
    if isinstance(draft.uses_max, int) and not 1 <= draft.uses_max <= USES_MAX_MAX:
        raise Invalid("uses_max", f"must be from 1 to {USES_MAX_MAX}, or null")
    _check_times(draft, now)
    if isinstance(draft.methods, tuple) and (not draft.methods or len(set(draft.methods)) != len(draft.methods)):
        raise Invalid("methods", "must name at least one method, and none twice")
    if draft.providers is not UNSET and len(set(draft.providers)) != len(draft.providers):
        raise Invalid("providers", "must name none twice")
    for field, url in (("success_url", draft.success_url), ("cancel_url", draft.cancel_url)):
        if isinstance(url, str):
            check_url(field, url, test_mode=test_mode)
    if draft.branding is not UNSET:
        texts.check_color("branding.color", draft.branding.color)
        if draft.branding.logo_url is not None:
            check_url("branding.logo_url", draft.branding.logo_url, test_mode=test_mode)


def _check_texts(draft: LinkDraft) -> None:
    if draft.title is not UNSET:
        texts.check_name("title", draft.title, chars_max=TITLE_CHARS_MAX)
    if draft.description is not UNSET:
        texts.check_text("description", draft.description, chars_max=DESCRIPTION_CHARS_MAX)
    if draft.private_note is not UNSET:
        texts.check_text("private_note", draft.private_note, chars_max=DESCRIPTION_CHARS_MAX)
    if isinstance(draft.internal_name, str):
        texts.check_name("internal_name", draft.internal_name, chars_max=TITLE_CHARS_MAX)
    if isinstance(draft.reference, str):
        texts.check_name("reference", draft.reference, chars_max=REFERENCE_CHARS_MAX)
    if isinstance(draft.recipient, Recipient):
        check_email("recipient.email", draft.recipient.email)
        if draft.recipient.name is not None:
            texts.check_name("recipient.name", draft.recipient.name, chars_max=TITLE_CHARS_MAX)
    if draft.metadata is not UNSET:
        texts.check_metadata(draft.metadata)


def _check_times(draft: LinkDraft, now: datetime) -> None:
    for field in ("starts_at", "expires_at", "scheduled_at"):
        moment = getattr(draft, field)
        if isinstance(moment, datetime) and moment > now + _YEARS_AHEAD:
            raise Invalid(field, "must be within 50 years")
    if isinstance(draft.expires_at, datetime) and draft.expires_at <= now:
        raise Invalid("expires_at", "must be in the future")
    if isinstance(draft.reminders, Reminders):
        check_reminders(draft.reminders)


def check_whole(link: Link) -> Link:
    """The link, if it begins before it expires, and its gate has somebody to ask.

    Raises:
        Invalid: it does not.
    """
    if link.gate_otp and link.recipient is None:
        raise Invalid("gate", "needs a recipient, whose address is asked")
    if link.scheduled_at is not None and link.recipient is None:
        raise Invalid("scheduled_at", "needs a recipient, who is mailed")
    if link.starts_at is not None and link.expires_at is not None and link.expires_at <= link.starts_at:
        raise Invalid("expires_at", "must be after starts_at")
    return link


def patched(link: Link, draft: LinkDraft, priced: Pricing | None, *, now: datetime) -> Link:
    """The link with the named fields changed; the very same link when that changes nothing."""
    named = {
        name: value for name in _PLAIN if (value := getattr(draft, name)) is not UNSET and value != getattr(link, name)
    }
    if priced is not None and priced != link.pricing:
        named["pricing"] = priced
    if draft.uses_max is not UNSET and draft.uses_max != link.uses.max:
        named["uses"] = link.uses.with_max(draft.uses_max, now)
    if not named:
        return link
    if "recipient" in named and "verified_at" not in named and _address(draft.recipient) != _address(link.recipient):
        # Somebody else has proven nothing yet.
        named["verified_at"] = None
    return check_whole(msgspec.structs.replace(link, **named, revision=link.revision + 1, updated_at=now))


def _address(recipient: Recipient | UnsetType | None) -> str | None:
    return recipient.email.strip().lower() if isinstance(recipient, Recipient) else None


_PLAIN: Final = tuple(name for name in LinkDraft.__struct_fields__ if name not in {"pricing", "uses_max", "paused"})
