"""How the faults of links are told in the native API."""

from typing import Final

from services.links.domain.faults import (
    CouponCodeTaken,
    CouponRefused,
    EmailTaken,
    InvitationEnded,
    KeyEnded,
    LastOwner,
    LinkHasEnded,
    PlanArchived,
    PriceMissing,
    ProductArchived,
    RevisionMismatch,
    SignInRefused,
    SlugTaken,
    TaxRateArchived,
    TotalOutOfBounds,
)
from shared.runtime import problems
from shared.runtime.problems import ProblemKind

KINDS: Final = {
    SlugTaken.code: ProblemKind(
        409,
        "The slug is taken",
        "Choose another one, or leave it out and one is made from the title. What others have had stays theirs.",
    ),
    LinkHasEnded.code: ProblemKind(
        409, "The payment link has ended", "What has ended never comes back: make a new one."
    ),
    ProductArchived.code: ProblemKind(
        409, "The product is archived", "Bring it back with active: true, or name another."
    ),
    PlanArchived.code: ProblemKind(409, "The plan is archived", "Bring it back with active: true, or name another."),
    TaxRateArchived.code: ProblemKind(
        409, "The tax rate is archived", "Bring it back with active: true, or name another."
    ),
    PriceMissing.code: ProblemKind(
        409, "The product has no price in this currency", "Give the product a price in it, or choose another currency."
    ),
    TotalOutOfBounds.code: ProblemKind(
        400, "The total is out of the organization's bounds", "Keep it between min_minor and max_minor."
    ),
    CouponCodeTaken.code: ProblemKind(409, "There is a coupon with this code", "Choose another code."),
    CouponRefused.code: ProblemKind(
        409, "The coupon cannot be used here", "`reason` says why. Without the coupon the link can be paid."
    ),
    KeyEnded.code: ProblemKind(
        409, "The API key cannot be rotated", "It was revoked, has expired or has a successor: make a new key."
    ),
    SignInRefused.code: ProblemKind(
        401,
        "The e-mail address or the password is wrong",
        "Check both and try again, or ask an owner for an invitation.",
    ),
    EmailTaken.code: ProblemKind(
        409,
        "Somebody has this e-mail address already",
        "Leave the password out to invite them, if they are no member yet.",
    ),
    LastOwner.code: ProblemKind(409, "The last owner cannot leave or be demoted", "Make somebody else an owner first."),
    InvitationEnded.code: ProblemKind(
        409, "The invitation does not work any more", "It was used or withdrawn, or has expired: ask for a new one."
    ),
    RevisionMismatch.code: ProblemKind(
        412, "It has changed since you read it", "Read it again and repeat the change with the new revision."
    ),
}

problems.register(KINDS)
