"""`gated` and the domain: the only place that knows its quirks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.links.dialects.gated import wire
from services.links.dialects.surface import numbers
from services.links.dialects.surface.moments import iso_in, iso_seconds
from services.links.domain.browsing import Browsed
from services.links.domain.drafts import LinkDraft
from services.links.domain.link import Link, Recipient, State
from services.links.domain.organization import Organization
from services.links.domain.pricing import Fixed, Flexible, Open, currency_of
from shared.contracts.otp import LinkToken, OtpAsked
from shared.kernel.faults import Invalid, NotFound

OTP_SENT: Final = "If a payment link waits for this address, a code is on its way."
_STATUS: Final[dict[State, wire.Status]] = {
    "active": "active",
    "paused": "inactive",
    "scheduled": "inactive",
    "expired": "expired",
    "exhausted": "exhausted",
    "archived": "revoked",
    "revoked": "revoked",
    "deleted": "revoked",
}


def draft_of(
    body: wire.CreateLink, organization: Organization, *, slug: str, verified_at: datetime | None, now: datetime
) -> LinkDraft:
    """A link for one recipient, behind a code unless it is asked to be direct.

    Raises:
        Invalid: an amount or a time that cannot be.
    """
    currency = body.currency or organization.default_currency
    scheduled_at = moment_in("scheduled_at", body.scheduled_at)
    return LinkDraft(
        # The address is what a direct link is kept by: it must not be guessed from a title.
        slug=slug,
        pricing=Open(currency)
        if body.payment_amount is None
        else Fixed(numbers.from_major("payment_amount", body.payment_amount, currency)),
        recipient=Recipient(email=body.email.strip()),
        gate_otp=body.otp_required,
        verified_at=verified_at,
        scheduled_at=scheduled_at,
        expires_at=_expiry(organization, scheduled_at, now),
        reference=body.transaction_id,
    )


def created_out(link: Link, *, public_url: str, now: datetime) -> wire.Created:
    assert link.expires_at is not None
    return wire.Created(
        link_id=link.id,
        status=_STATUS[link.state(now)],
        expires_at=iso_seconds(link.expires_at),
        url=page_url(link, public_url),
    )


def link_out(link: Link, *, public_url: str, whole: bool, now: datetime) -> wire.Link:
    """`whole` for who may know whom it is for."""
    pricing = link.pricing
    email = link.recipient.email if link.recipient else None
    return wire.Link(
        link_id=link.id,
        org_id=link.org_id,
        email=email if whole or email is None else masked(email),
        transaction_id=link.reference,
        payment_amount=None if isinstance(pricing, Flexible | Open) else numbers.major(pricing.total),
        currency=currency_of(pricing),
        status=_STATUS[link.state(now)],
        otp_required=link.gate_otp and link.verified_at is None,
        verified=link.verified_at is not None,
        scheduled_at=iso_seconds(link.scheduled_at) if link.scheduled_at else None,
        expires_at=iso_seconds(link.expires_at) if link.expires_at else None,
        created_at=iso_seconds(link.created_at),
        url=page_url(link, public_url),
        metadata=link.metadata if whole else {},
    )


def links_out(browsed: Browsed, *, public_url: str, now: datetime) -> wire.Links:
    return wire.Links(
        links=[link_out(link, public_url=public_url, whole=True, now=now) for link, _ in browsed.items],
        total=browsed.total,
    )


def verified_out(link: Link, *, public_url: str, whole: bool, now: datetime) -> wire.Verified:
    return wire.Verified(
        valid=link.refusal(now) is None, link=link_out(link, public_url=public_url, whole=whole, now=now)
    )


def otp_out(asked: OtpAsked) -> wire.OtpSent:
    return wire.OtpSent(
        message=OTP_SENT, expires_at=iso_seconds(asked.expires_at), resend_at=iso_seconds(asked.resend_at)
    )


def token_out(token: LinkToken, now: datetime) -> wire.LinkToken:
    # Rounded to what a clock shows: the token ends with a whole second.
    lasts = token.expires_at - now.replace(microsecond=0)
    return wire.LinkToken(
        token=token.token, expires_at=iso_seconds(token.expires_at), expires_in=lasts // timedelta(seconds=1)
    )


def revoked_out(revoked: int) -> wire.Revoked:
    what = "Payment link revoked" if revoked == 1 else f"{revoked} payment links revoked"
    return wire.Revoked(message=what, revoked=revoked)


def scheduled_out(links: Sequence[Link]) -> wire.Scheduled:
    return wire.Scheduled(total=len(links), link_ids=[link.id for link in links])


def page_url(link: Link, public_url: str) -> str:
    return f"{public_url}/checkout/{link.slug}"


def masked(email: str) -> str:
    """`a***@example.com`: enough for who knows the address to know it again, and for nobody else to write to it."""
    local, _, domain = email.partition("@")
    return f"{local[:1]}***@{domain}"


def id_in(entity: str, text: str) -> UUID:
    """Raises: NotFound: no id of ours looks like this."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound(entity) from None


def asked_id_in(text: str | None) -> UUID | None:
    """The link that a code is for.

    Raises:
        Invalid: no id of a link looks like this; whether there is such a link is not told.
    """
    try:
        return None if text is None else UUID(text)
    except ValueError:
        raise Invalid("link_id", "must be the id of a payment link") from None


def moment_in(field: str, text: str | None) -> datetime | None:
    moment = iso_in(field, text)
    return moment if isinstance(moment, datetime) else None


def _expiry(organization: Organization, scheduled_at: datetime | None, now: datetime) -> datetime:
    """The organization's lifetime after the mail goes out; one that should have gone out already goes out now."""
    try:
        return max(scheduled_at or now, now) + timedelta(seconds=organization.link_lifetime_seconds)
    except OverflowError:
        raise Invalid("scheduled_at", "is too far away") from None
