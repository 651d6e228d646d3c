"""How checkout's refusals are told over HTTP."""

from datetime import timedelta
from typing import Any, Final

from litestar import Request, Response

from services.checkout.domain.faults import (
    AccountInUse,
    AmountOutOfBounds,
    ChargeNotCaptured,
    ChargeUnderWay,
    CouponRefused,
    EveryUseHeld,
    LinkNotFound,
    LinkRefused,
    MethodUnavailable,
    NotGated,
    NotInReview,
    OtpRejected,
    OtpRequired,
    PromptActive,
    ProviderNotConnected,
    ProviderUnknown,
    RefundNotTaken,
    RefundTooLarge,
    SessionEnded,
    TooManyListeners,
)
from services.checkout.domain.refusal import next_step
from shared.contracts.links import RefusalReason
from shared.runtime import problems
from shared.runtime.problems import ProblemKind

REFUSALS: Final[dict[RefusalReason, str]] = {
    "not_started": "This link does not take payments yet",
    "expired": "This link has expired",
    "exhausted": "This link has been used as often as it may be",
    "paused": "This link is paused",
    "archived": "This link was archived",
    "revoked": "This link was revoked",
    "deleted": "This link was deleted",
}
RETRY_SECONDS_MIN: Final = 1

OURS: Final = {
    LinkNotFound.code: ProblemKind(404, "There is no such link", "Check the address, or ask who sent it to you."),
    **{f"link_{reason}": ProblemKind(410, title) for reason, title in REFUSALS.items()},
    EveryUseHeld.code: ProblemKind(
        409, "Somebody else is paying right now", "Try again at `retry_at`: they may not finish."
    ),
    AmountOutOfBounds.code: ProblemKind(
        400, "The merchant does not take this amount", "Choose one between the bounds that are named."
    ),
    OtpRequired.code: ProblemKind(
        401,
        "This link opens for one person only",
        "Post the email address to `otp_url`, put it there again with the code that was mailed, and send the token "
        "as 'Authorization: Bearer …'.",
    ),
    OtpRejected.code: ProblemKind(
        401, "The code is not right, or its time is over", "Check the code, or ask for a new one."
    ),
    NotGated.code: ProblemKind(409, "This link has no gate", "Open a session: nothing has to be proven."),
    CouponRefused.code: ProblemKind(
        409, "The coupon cannot be used here", "`reason` says why. Without the coupon the link can be paid."
    ),
    ChargeUnderWay.code: ProblemKind(
        409, "A payment is under way", "The provider has not answered yet. Try again in a few seconds."
    ),
    PromptActive.code: ProblemKind(
        409,
        "This phone is being asked about another payment",
        "Answer the request on the phone, or try again at `retry_at`.",
    ),
    ProviderUnknown.code: ProblemKind(400, "There is no such provider here", "Name one of `providers`."),
    AccountInUse.code: ProblemKind(
        409, "Payments were made with this account", "Disable it: what was paid may still be refunded through it."
    ),
    ChargeNotCaptured.code: ProblemKind(
        409, "There is no money of this charge", "Only a charge that has succeeded can be given back."
    ),
    RefundTooLarge.code: ProblemKind(
        409, "That is more than is left of the charge", "Refund at most `refundable_minor`."
    ),
    RefundNotTaken.code: ProblemKind(
        409,
        "The provider does not give this back",
        "Where `takes` is `full`, refund the whole charge. Else pay the money back another way.",
    ),
    NotInReview.code: ProblemKind(409, "Nothing has to be decided about this charge", "Read the charge again."),
    MethodUnavailable.code: ProblemKind(400, "This link cannot be paid that way", "Use one of `methods`."),
    ProviderNotConnected.code: ProblemKind(
        409,
        "The merchant cannot take live payments yet",
        "The merchant has to connect a payment provider first, one of `providers` where the link names some.",
    ),
    SessionEnded.code: ProblemKind(410, "This session took too long", "Open a new session for the link."),
    TooManyListeners.code: ProblemKind(429, "Too many open streams", "Read the session now and then instead."),
}
problems.register(OURS)


def on_link_refused(request: Request[Any, Any, Any], fault: LinkRefused) -> Response[bytes]:
    step = next_step(fault.reason, starts_at=fault.starts_at, support_email=None)
    return problems.respond(request, f"link_{fault.reason}", values={**fault.values, "next_step": step})


def on_every_use_held(request: Request[Any, Any, Any], fault: EveryUseHeld) -> Response[bytes]:
    headers = {"Retry-After": str(_seconds(fault.retry_after))}
    return problems.respond(request, fault.code, values=fault.values, headers=headers)


def _seconds(wait: timedelta) -> int:
    return max(RETRY_SECONDS_MIN, -(-wait // timedelta(seconds=1)))


EXCEPTION_HANDLERS: Final[dict[type[Exception] | int, Any]] = {
    LinkRefused: on_link_refused,
    EveryUseHeld: on_every_use_held,
}
