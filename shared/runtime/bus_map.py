"""When each fact happens, who reads it, and every question on the bus: what the AsyncAPI document is made of.

The consumers and replies themselves stand in each service's `bus.py`; a test compares what NATS knows with this.
"""

from typing import Any, Final

import msgspec

from shared.contracts import callers, checkout, links, notify, operator, otp, subjects
from shared.contracts.catalogue import ABOUT_LINKS, TOLD_TO_MERCHANTS
from shared.contracts.envelope import Event
from shared.runtime.dead import DeadLetter, ListDead, OneDead, Replayed

WHEN: Final[dict[type[Event], str]] = {
    links.OrganizationCreated: "An organization was set up.",
    links.OrganizationUpdated: "An organization's name or settings were changed.",
    links.LinkCreated: "A payment link was made.",
    links.LinkUpdated: "A payment link was changed.",
    links.LinkPaused: "A payment link was paused: it refuses until it is resumed.",
    links.LinkResumed: "A paused payment link takes payments again.",
    links.LinkEnded: "A payment link ended for good: archived, revoked or deleted.",
    links.LinkSendRequested: "Somebody asked for the mail of a scheduled payment link to be sent now.",
    links.UseHeld: "One use of a link is held for a buyer who has begun to pay.",
    links.UseSettled: "A use was paid for and counts.",
    links.UseReleased: "A held use was given back: the payment failed, was given up, or took too long.",
    links.UseRefused: "Money came in after the last use was gone. It is recorded, not counted.",
    otp.OtpRequested: "Somebody asked for a code that proves an address. The code itself is on no bus.",
    checkout.SessionOpened: "A buyer began a checkout.",
    checkout.SessionExpired: "A checkout ran out of time before anything was tried.",
    checkout.SessionAbandoned: "A checkout ran out of time after a payment that did not succeed.",
    checkout.ChargeCreated: "A charge is stored with its reference, and the provider is being asked.",
    checkout.ChargePending: "The provider accepted the charge and waits for the payer.",
    checkout.ChargeSucceeded: "The money was captured.",
    checkout.ChargeFailed: "The provider says that the charge failed. A late success may still follow.",
    checkout.ChargeExpired: "The provider says that the payer did not act in time. A late success may still follow.",
    checkout.CallbackRefused: "A provider's message changed nothing; `verdict` says why.",
    checkout.ProviderAccountConnected: "A merchant connected an account with a payment provider.",
    checkout.ProviderAccountUpdated: "What an account with a payment provider takes was changed, or its credentials.",
    checkout.ProviderAccountDisconnected: "An account with a payment provider was deleted.",
    checkout.RefundCreated: "Money is to be given back, and the provider is being asked.",
    checkout.RefundSucceeded: "The provider has given the money back.",
    checkout.RefundFailed: "The provider will not give the money back.",
    checkout.ChargeRefunded: "Some or all of a charge was given back.",
    checkout.ChargeNeedsReview: "Captured money counts as no use, and a person is to decide about it.",
    checkout.ChargeAccepted: "A person keeps money that had come too late.",
    checkout.ChargeDisputed: "A payer has asked their bank for the money back.",
    checkout.DisputeClosed: "The bank has decided a dispute.",
    notify.MailSent: "The mail server took responsibility for a mail.",
    notify.MailFailed: "A mail will not be tried again.",
    notify.MailSkipped: "A mail was due and is not sent, for the reason given.",
    notify.MailSuppressed: "A mail was due and is not sent, because there is no such address.",
    notify.WebhookEndpointDisabled: "A webhook endpoint was switched off because nothing arrives there.",
    notify.PlanPeriodStarted: "A buyer has paid a plan, and had nothing paid or coming to an end.",
    notify.PlanPeriodRenewed: "A buyer has paid a plan again.",
    notify.PlanPeriodLapsed: "What a buyer has paid of a plan is over, and they have not paid again.",
    notify.PlanPeriodClosed: "A period of a plan does not count, because its whole payment went back.",
    notify.PlanPeriodReopened: "A period of a plan counts again.",
}

READERS: Final[dict[str, tuple[type[Event], ...]]] = {
    "links": (
        # What it says itself goes into the feed as it is published.
        *(event for event in ABOUT_LINKS if event.owner != "links"),
        checkout.ProviderAccountConnected,
        checkout.ProviderAccountUpdated,
        checkout.ProviderAccountDisconnected,
    ),
    "checkout": (
        links.LinkCreated,
        links.LinkUpdated,
        links.LinkPaused,
        links.LinkResumed,
        links.LinkEnded,
        links.UseHeld,
        links.UseSettled,
        links.UseReleased,
        links.UseRefused,
        links.OrganizationUpdated,
    ),
    "notify": (otp.OtpRequested, links.LinkSendRequested, links.OrganizationUpdated, *TOLD_TO_MERCHANTS),
}

NOT_TOLD_BECAUSE: Final[dict[type[Event], str]] = {
    links.OrganizationCreated: "it is the organization itself, and is of neither mode",
    links.OrganizationUpdated: "it is the organization itself, and is of neither mode",
    links.LinkSendRequested: "what comes of it is told: `mail.sent` or `mail.skipped`",
    links.UseHeld: "how uses are counted inside; a buyer who begins is told: `charge.created`",
    links.UseSettled: "how uses are counted inside; the payment is told: `charge.succeeded`",
    links.UseReleased: "how uses are counted inside; the payment is told: `charge.failed`, `session.abandoned`",
    links.UseRefused: "what it means for the money is told: `charge.needs_review`, `refund.created`",
    otp.OtpRequested: "it holds the address of somebody who has proven nothing yet",
    checkout.CallbackRefused: "anybody can send such a message; `paylinks callbacks` and the API list them",
}
"""Why merchants have no webhook of a fact; all others are sent. A test holds the two together."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """`reply` is a Struct, a list of one, or a union of tagged ones. `asked_by` is a service, or `cli`."""

    subject: str
    owner: str
    asked_by: str
    request: Any
    reply: Any
    summary: str

    @property
    def name(self) -> str:
        """`links.use.hold`, of subject `links.rpc.v1.use.hold`."""
        owner, _, _, entity, verb = self.subject.split(".")
        return f"{owner}.{entity}.{verb}"


def _ask_links(subject: str, request: Any, reply: Any, *, summary: str) -> Question:
    return Question(subject=subject, owner="links", asked_by="checkout", request=request, reply=reply, summary=summary)


def _ask_notify(subject: str, request: Any, reply: Any, *, summary: str) -> Question:
    return Question(subject=subject, owner="notify", asked_by="links", request=request, reply=reply, summary=summary)


def _ask_checkout(subject: str, request: Any, reply: Any, *, summary: str) -> Question:
    return Question(subject=subject, owner="checkout", asked_by="cli", request=request, reply=reply, summary=summary)


def _about_dead(owner: str, verb: str, request: Any, *, reply: Any, summary: str) -> Question:
    subject = subjects.dead_letters(owner, verb)
    return Question(subject=subject, owner=owner, asked_by="cli", request=request, reply=reply, summary=summary)


QUESTIONS: Final[tuple[Question, ...]] = (
    _ask_links(
        subjects.LINK_FIND, links.FindLink, links.FindLinkReply, summary="The link with this slug or id, as it is now."
    ),
    _ask_links(
        subjects.CALLER_FIND,
        callers.FindCaller,
        callers.FindCallerReply,
        summary="Whose key or sign-in this is, and what it may do. Notify asks, too.",
    ),
    _ask_links(
        subjects.COUPON_FIND,
        links.FindCoupon,
        links.FindCouponReply,
        summary="What a coupon takes off at this link, or why it takes nothing off.",
    ),
    _ask_links(subjects.USE_HOLD, links.HoldUse, links.HoldUseReply, summary="Hold one use of a link for a session."),
    _ask_links(subjects.USE_SETTLE, links.SettleUse, links.UseState, summary="Count a use that was paid for."),
    _ask_links(subjects.USE_RELEASE, links.ReleaseUse, links.UseState, summary="Give a held use back."),
    _ask_links(
        subjects.OTP_REQUEST, otp.RequestOtp, otp.RequestOtpReply, summary="Mail a code to who is to open a gated link."
    ),
    _ask_links(subjects.OTP_EXCHANGE, otp.ExchangeOtp, otp.ExchangeOtpReply, summary="Give a code for a token."),
    _ask_links(subjects.KEYS_LIST, otp.ListKeys, otp.KeySet, summary="The keys that tokens are checked with."),
    _ask_notify(
        subjects.OTP_VERIFY, otp.VerifyOtp, otp.VerifyOtpReply, summary="Is this the code that was mailed? Once."
    ),
    _ask_notify(subjects.OTP_CHECK, otp.CheckOtp, otp.VerifyOtpReply, summary="Is this a live or just proven code?"),
    Question(
        subject=subjects.SESSION_OPEN,
        owner="checkout",
        asked_by="links",
        request=checkout.OpenCheckoutSession,
        reply=checkout.OpenSessionReply,
        summary="Open a buyer's session of a link, with redirects of its own.",
    ),
    _ask_checkout(
        subjects.CALLBACK_LIST,
        operator.ListCallbacks,
        operator.CallbacksTold,
        summary="What providers sent, and what became of it, newest first.",
    ),
    _ask_checkout(
        subjects.CALLBACK_SHOW, operator.OneCallback, operator.CallbacksTold, summary="One callback, as it came."
    ),
    _ask_checkout(
        subjects.CALLBACK_REPLAY,
        operator.OneCallback,
        operator.CallbacksTold,
        summary="Verify, read and judge a callback again. Its effect happens once.",
    ),
    _ask_checkout(
        subjects.ACCOUNTS_RESEAL,
        operator.Reseal,
        operator.Resealed,
        summary="Seal all credentials of providers with the present key.",
    ),
    _ask_checkout(
        subjects.RECONCILE,
        operator.Reconcile,
        operator.Reconciled,
        summary="Compare the charges of a day with what their providers say.",
    ),
    Question(
        subject=subjects.MAIL_LIST,
        owner="notify",
        asked_by="cli",
        request=notify.ListMails,
        reply=list[notify.MailView],
        summary="Entries of the ledger of mails, newest first.",
    ),
    *(
        question
        for owner in subjects.OWNERS
        for question in (
            _about_dead(owner, "list", ListDead, reply=list[DeadLetter], summary="Dead letters, newest first."),
            _about_dead(owner, "show", OneDead, reply=list[DeadLetter], summary="One dead letter, whole."),
            _about_dead(owner, "replay", OneDead, reply=Replayed, summary="Apply a dead letter again."),
            Question(
                subject=subjects.clock_show(owner),
                owner=owner,
                asked_by="cli",
                request=operator.ShowClock,
                reply=operator.ClockTold,
                summary="What time it is for this service. In test mode alone.",
            ),
        )
    ),
)
