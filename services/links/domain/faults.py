from datetime import datetime
from typing import Literal

from shared.contracts.links import EndedAs, RefusalReason
from shared.kernel.faults import Conflict, Fault

CouponRefusal = Literal["inactive", "expired", "exhausted", "currency", "leaves_nothing"]


class SlugTaken(Conflict):
    code = "slug_taken"

    def __init__(self, slug: str) -> None:
        super().__init__(slug=slug)


class LinkHasEnded(Conflict):
    """Ended never comes back, and what has ended is not changed any more."""

    code = "link_ended"

    def __init__(self, ended_as: EndedAs, since: datetime) -> None:
        super().__init__(reason=ended_as, since=since)


class LinkUnavailable(Fault):
    """A buyer may not begin: the link is inactive, over, or used up."""

    code = "link_unavailable"

    def __init__(self, reason: RefusalReason, since: datetime | None) -> None:
        super().__init__(reason=reason, since=since)


class LinkGated(Fault):
    """It opens for its recipient only, who proves by mail to be that."""

    code = "link_gated"


class CheckoutRefused(Conflict):
    """The link would take the buyer, and checkout does not: `reason` is its code."""

    code = "checkout_refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason=reason)


class ProductArchived(Conflict):
    code = "product_archived"


class PlanArchived(Conflict):
    code = "plan_archived"


class TaxRateArchived(Conflict):
    """An archived rate taxes on where it is named already; nothing new is given it."""

    code = "tax_rate_archived"


class CouponCodeTaken(Conflict):
    code = "coupon_code_taken"


class CouponRefused(Conflict):
    code = "coupon_refused"

    def __init__(self, reason: CouponRefusal) -> None:
        super().__init__(reason=reason)
        self.reason: CouponRefusal = reason


class PriceMissing(Conflict):
    """The product is not sold in that currency."""

    code = "price_missing"


class TotalOutOfBounds(Fault):
    """Less or more than the organization takes in one payment."""

    code = "total_out_of_bounds"


class KeyEnded(Conflict):
    """The key was revoked, has expired or has a successor already."""

    code = "key_ended"


class RevisionMismatch(Fault):
    """`If-Match` named another revision than the present one."""

    code = "revision_mismatch"

    def __init__(self, revision: int) -> None:
        super().__init__(revision=revision)


class SignInRefused(Fault):
    """No such address or another password: the two look alike, and take as long."""

    code = "sign_in_refused"


class EmailTaken(Conflict):
    """Somebody with this address is a member already, or has a password of their own that nobody else sets."""

    code = "email_taken"


class LastOwner(Conflict):
    """An organization without an owner could never be changed again."""

    code = "last_owner"


InvitationEnd = Literal["used", "expired", "unknown"]
"""`unknown`: it was withdrawn, or never was one."""


class InvitationEnded(Conflict):
    code = "invitation_ended"

    def __init__(self, reason: InvitationEnd) -> None:
        super().__init__(reason=reason)
        self.reason: InvitationEnd = reason
