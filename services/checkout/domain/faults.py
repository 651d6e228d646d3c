"""How checkout refuses. Values are JSON-ready; web/api_problems gives each its status and words."""

from datetime import datetime

from shared.contracts.links import CouponRefusal, LinkView, RefusalReason
from shared.kernel.faults import Conflict, Fault, NotFound
from shared.kernel.moment import to_wire


class LinkNotFound(NotFound):
    code = "link_not_found"

    def __init__(self) -> None:
        super().__init__("link")


class LinkRefused(Fault):
    """The link takes no payment: 410. On the wire the code is `link_<reason>`."""

    code = "link_refused"

    def __init__(self, link: LinkView, reason: RefusalReason, since: datetime | None) -> None:
        super().__init__(reason=reason)
        if since is not None:
            self.values["since"] = to_wire(since)
        self.link = link
        starts_at = link.starts_at
        if starts_at is not None:
            self.values["starts_at"] = to_wire(starts_at)
        self.reason: RefusalReason = reason
        self.since = since
        self.starts_at = starts_at


class EveryUseHeld(Conflict):
    """Every use that is left is held by another buyer, who may yet fail."""

    code = "all_uses_held"

    def __init__(self, link: LinkView, retry_at: datetime, *, now: datetime) -> None:
        super().__init__(retry_at=to_wire(retry_at))
        self.link = link
        self.retry_at = retry_at
        self.retry_after = retry_at - now


class CouponRefused(Conflict):
    """The coupon takes nothing off here; without it the buyer may pay."""

    code = "coupon_refused"

    def __init__(self, reason: CouponRefusal) -> None:
        super().__init__(field="coupon_code", reason=reason)
        self.reason: CouponRefusal = reason


class OtpRequired(Fault):
    """The link has a gate, and nobody has proven here to read the mail of its recipient."""

    code = "otp_required"

    def __init__(self, link: LinkView) -> None:
        super().__init__(otp_url=f"/v1/checkout/{link.slug}/otp")
        self.link = link


class OtpRejected(Fault):
    """Wrong, used, run out, or never mailed: which of them is not said."""

    code = "otp_rejected"


class NotGated(Conflict):
    """The link has no gate: there is nothing to prove."""

    code = "not_gated"


class AmountOutOfBounds(Fault):
    code = "amount_out_of_bounds"

    def __init__(self, currency: str, *, min_minor: int, max_minor: int) -> None:
        super().__init__(field="amount_minor", currency=currency, min_minor=min_minor, max_minor=max_minor)


class MethodUnavailable(Fault):
    """Not a method of this link, or nobody connected can take it."""

    code = "method_unavailable"

    def __init__(self, method: str, methods: tuple[str, ...]) -> None:
        super().__init__(field="method", method=method, methods=list(methods))


class ProviderNotConnected(Conflict):
    """The organization has no provider for this mode. `providers` are those that the link names, if it names any."""

    code = "provider_not_connected"

    def __init__(self, link: LinkView) -> None:
        super().__init__(providers=list(link.providers))
        self.link = link


class ChargeUnderWay(Conflict):
    """The provider cannot say that the charge is over, so no other may begin yet."""

    code = "charge_under_way"


class PromptActive(Conflict):
    """The phone is being asked about another payment to the same account."""

    code = "prompt_active"

    def __init__(self, retry_at: datetime) -> None:
        super().__init__(field="phone", retry_at=to_wire(retry_at))
        self.retry_at = retry_at


class ProviderUnknown(Fault):
    """Not a provider that this installation speaks to."""

    code = "provider_unknown"

    def __init__(self, provider: str, known: list[str]) -> None:
        super().__init__(field="provider", provider=provider, providers=known)


class AccountInUse(Conflict):
    """A charge was made with the account: its callbacks and refunds need it. It can be disabled."""

    code = "provider_account_in_use"


class SessionEnded(Fault):
    """The session took too long: a new one is needed."""

    code = "session_expired"


class TooManyListeners(Fault):
    """More open streams than one session, or this process, carries; polling still works."""

    code = "too_many_streams"


class ChargeNotCaptured(Conflict):
    """There is no money of this charge that could be given back or kept."""

    code = "charge_not_captured"

    def __init__(self, status: str) -> None:
        super().__init__(charge_status=status)


class RefundTooLarge(Conflict):
    """More than is left of the charge, with what is promised or disputed already."""

    code = "refund_too_large"

    def __init__(self, refundable_minor: int, currency: str) -> None:
        super().__init__(field="amount_minor", refundable_minor=refundable_minor, currency=currency)


class RefundNotTaken(Conflict):
    """The provider gives nothing back by itself, or only a whole payment. `takes`: none, or full."""

    code = "refund_not_taken"

    def __init__(self, provider: str, takes: str) -> None:
        super().__init__(provider=provider, takes=takes)


class NotInReview(Conflict):
    """Nobody has to decide about this charge."""

    code = "not_in_review"
