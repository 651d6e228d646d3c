"""Every fact there is, by its type: the source of the AsyncAPI document, the event docs and all decoders."""

from typing import Final

from shared.contracts import checkout, links, notify, otp
from shared.contracts.envelope import Event, type_of

EVENTS: Final[dict[str, type[Event]]] = {
    type_of(event): event
    for event in (
        links.OrganizationCreated,
        links.OrganizationUpdated,
        links.LinkCreated,
        links.LinkUpdated,
        links.LinkPaused,
        links.LinkResumed,
        links.LinkEnded,
        links.LinkSendRequested,
        links.UseHeld,
        links.UseSettled,
        links.UseReleased,
        links.UseRefused,
        otp.OtpRequested,
        checkout.SessionOpened,
        checkout.SessionExpired,
        checkout.SessionAbandoned,
        checkout.ChargeCreated,
        checkout.ChargePending,
        checkout.ChargeSucceeded,
        checkout.ChargeFailed,
        checkout.ChargeExpired,
        checkout.CallbackRefused,
        checkout.ProviderAccountConnected,
        checkout.ProviderAccountUpdated,
        checkout.ProviderAccountDisconnected,
        checkout.RefundCreated,
        checkout.RefundSucceeded,
        checkout.RefundFailed,
        checkout.ChargeRefunded,
        checkout.ChargeNeedsReview,
        checkout.ChargeAccepted,
        checkout.ChargeDisputed,
        checkout.DisputeClosed,
        notify.MailSent,
        notify.MailFailed,
        notify.MailSkipped,
        notify.MailSuppressed,
        notify.WebhookEndpointDisabled,
        notify.PlanPeriodStarted,
        notify.PlanPeriodRenewed,
        notify.PlanPeriodLapsed,
        notify.PlanPeriodClosed,
        notify.PlanPeriodReopened,
    )
}

_ABOUT_NO_LINK: Final = frozenset({"organization", "otp", "provider_account", "webhook_endpoint"})
ABOUT_LINKS: Final = tuple(event for event in EVENTS.values() if event.entity not in _ABOUT_NO_LINK)
"""What goes into the feed of a link. Organizations and accounts are none, and who asks for a code may be a stranger."""

TOLD_TO_MERCHANTS: Final[tuple[type[Event], ...]] = (
    links.LinkCreated,
    links.LinkUpdated,
    links.LinkPaused,
    links.LinkResumed,
    links.LinkEnded,
    checkout.SessionOpened,
    checkout.SessionExpired,
    checkout.SessionAbandoned,
    checkout.ChargeCreated,
    checkout.ChargePending,
    checkout.ChargeSucceeded,
    checkout.ChargeFailed,
    checkout.ChargeExpired,
    checkout.ChargeRefunded,
    checkout.ChargeNeedsReview,
    checkout.ChargeAccepted,
    checkout.ChargeDisputed,
    checkout.DisputeClosed,
    checkout.RefundCreated,
    checkout.RefundSucceeded,
    checkout.RefundFailed,
    checkout.ProviderAccountConnected,
    checkout.ProviderAccountUpdated,
    checkout.ProviderAccountDisconnected,
    notify.MailSent,
    notify.MailFailed,
    notify.MailSkipped,
    notify.MailSuppressed,
    notify.WebhookEndpointDisabled,
    notify.PlanPeriodStarted,
    notify.PlanPeriodRenewed,
    notify.PlanPeriodLapsed,
    notify.PlanPeriodClosed,
    notify.PlanPeriodReopened,
)
"""What merchants may have sent to their webhooks. Each of these says its `livemode`."""


def public_name(event: type[Event]) -> str:
    """`charge.succeeded`: a fact's type without its owner, as `paylinks watch` and webhooks name it."""
    return f"{event.entity}.{event.fact}"
