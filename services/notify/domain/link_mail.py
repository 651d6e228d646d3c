"""Mails to whom a link was made for: what they say, and when they are not sent after all."""

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from shared.contracts.links import EndedAs, LinkView, PlanView, PricingView, RemindersView
from shared.contracts.notify import SkipReason

Standing = Literal["active", "paused"] | EndedAs


class LinkMail(msgspec.Struct, frozen=True, kw_only=True):
    """Taken from the link when the mail becomes due, so that every attempt says the same.

    `scheduled_at` None is a link that nobody is mailed at its time: there may be reminders of it all the same.
    """

    slug: str
    title: str
    pricing: PricingView
    scheduled_at: datetime | None
    expires_at: datetime | None
    gate_otp: bool
    merchant_name: str
    support_email: str | None
    color: str | None
    timezone: str
    livemode: bool
    checkout_url: str | None = None
    uses_max: int | None = None


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a link by its newest fact, told at `told_at`.

    `send_at` None: nobody is to be mailed by a schedule. `reminders` None are those of the organization.
    """

    link_id: UUID
    org_id: UUID
    revision: int
    send_at: datetime | None
    to_address: str | None
    locale: str | None
    about: LinkMail | None
    standing: Standing | None
    expires_at: datetime | None
    paid_at: datetime | None
    reminders: RemindersView | None
    reached_at: datetime | None
    told_at: datetime | None


def known_of(link: LinkView, *, at: datetime) -> Known:
    """`at` is when the link's fact happened: when it was paid is not in it, only that it was."""
    scheduled = link.scheduled_at is not None and link.recipient is not None
    return Known(
        link_id=link.id,
        org_id=link.org_id,
        revision=link.revision,
        send_at=link.scheduled_at if scheduled else None,
        to_address=link.recipient.email if link.recipient is not None else None,
        locale=link.merchant.locale,
        about=_about(link) if asks_for_money_again(link) else None,
        standing=link.ended_as or ("paused" if link.paused_at is not None else "active"),
        expires_at=link.expires_at,
        paid_at=at if link.uses.used else None,
        reminders=link.reminders,
        reached_at=max(filter(None, (link.created_at or at, link.starts_at, link.scheduled_at))),
        told_at=at,
    )


def asks_for_money_again(link: LinkView) -> bool:
    """Whether anybody may get a mail that asks them to pay this link: its recipient, or who has paid its plan."""
    return link.recipient is not None or isinstance(link.pricing, PlanView)


def withheld(known: Known | None, mail: LinkMail, *, to_address: str, now: datetime) -> SkipReason | None:
    """Why the mail of a schedule must not go out at `now`; None when it may."""
    rescheduled = known is not None and known.send_at != mail.scheduled_at
    return closed(known, to_address=to_address, now=now, rescheduled=rescheduled)


def closed(known: Known | None, *, to_address: str, now: datetime, rescheduled: bool = False) -> SkipReason | None:
    """Why nobody at this address is to be asked to pay at `now`; None when they may be."""
    if known is None or known.standing is None:
        return "no_longer_due"
    if known.standing != "active":
        return known.standing
    reasons: tuple[tuple[SkipReason, bool], ...] = (
        ("paid", known.paid_at is not None),
        ("rescheduled", rescheduled),
        ("other_recipient", known.to_address != to_address),
        ("expired", known.expires_at is not None and known.expires_at <= now),
    )
    return next((reason for reason, holds in reasons if holds), None)


def _about(link: LinkView) -> LinkMail:
    return LinkMail(
        slug=link.slug,
        title=link.title,
        pricing=link.pricing,
        scheduled_at=link.scheduled_at,
        expires_at=link.expires_at,
        gate_otp=link.gate_otp,
        merchant_name=link.merchant.name,
        support_email=link.merchant.support_email,
        color=link.merchant.color,
        timezone=link.merchant.timezone,
        checkout_url=link.merchant.checkout_url,
        uses_max=link.uses_max,
        livemode=link.livemode,
    )
