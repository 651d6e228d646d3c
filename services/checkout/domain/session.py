"""A buyer's attempt to pay a link, from the first details to the receipt."""

import base64
from datetime import datetime, timedelta
from typing import Final, Literal
from uuid import UUID

import msgspec
from msgspec import Struct

from services.checkout.domain.charge import Charge
from services.checkout.domain.lifecycle import SessionStatus
from services.checkout.domain.refund import Review
from shared.contracts.checkout import CustomerView
from shared.contracts.links import LinkView
from shared.kernel.money import Money

OPEN_FOR: Final = timedelta(minutes=30)
RETRY_FOR: Final = timedelta(minutes=10)
"""After a failed charge the buyer has at least this long to try again."""


class Address(Struct, frozen=True, forbid_unknown_fields=True):
    line1: str
    city: str
    country: str
    line2: str | None = None
    region: str | None = None
    postal_code: str | None = None


class Discount(Struct, frozen=True):
    """What a coupon took off when the session began; it stays, whatever becomes of the coupon."""

    coupon_id: UUID
    code: str
    off: Money


class Session(Struct, frozen=True, kw_only=True):
    """`link` is pinned: what the buyer saw when the session began, and where it sends them afterwards.

    `total` is what is charged, after the discount. `version` changes whenever anything does.
    """

    id: UUID
    org_id: UUID
    link: LinkView
    customer: CustomerView
    address: Address | None = None
    total: Money
    discount: Discount | None = None
    locale: str
    status: SessionStatus
    version: int
    created_at: datetime
    expires_at: datetime
    paid_at: datetime | None = None

    @property
    def livemode(self) -> bool:
        return self.link.livemode

    @property
    def subtotal(self) -> Money:
        """Before the discount."""
        if self.discount is None:
            return self.total
        return Money(self.total.minor + self.discount.off.minor, self.total.currency)


Fate = Literal["kept", "under_review", "going_back", "given_back", "charged_back"]


class Aftermath(Struct, frozen=True, kw_only=True):
    """What became of captured money.

    `refunding` is promised to refunds that are under way; `refunded_at` is when the last one succeeded.
    `charged_back` is what disputes took that were lost, the last of them at `charged_back_at`.
    """

    total: Money
    review: Review | None
    refunded: Money
    refunding: Money
    refunded_at: datetime | None
    charged_back: Money
    charged_back_at: datetime | None

    @property
    def fate(self) -> Fate:
        """Of the whole: what goes back in part is kept."""
        # A bank may take back what was refunded already, so the sum may be more than the whole.
        gone_minor = self.refunded.minor + self.charged_back.minor
        if gone_minor >= self.total.minor:
            return "charged_back" if self.charged_back.minor >= self.refunded.minor else "given_back"
        if gone_minor + self.refunding.minor >= self.total.minor:
            return "going_back"
        return "under_review" if self.review == "open" else "kept"


class SessionState(Struct, frozen=True):
    """A session and the charge that tells its story: one whose money is kept, else one that succeeded, else the latest.

    `aftermath` None: nothing was captured, or only this moment.
    """

    session: Session
    charge: Charge | None
    aftermath: Aftermath | None = None

    def status_at(self, now: datetime) -> SessionStatus:
        """The status as a buyer should see it: time runs out before the ticker has written so."""
        if self.session.status == "open" and self.session.expires_at <= now:
            return "abandoned" if self.charge else "expired"
        return self.session.status

    @property
    def fate(self) -> Fate:
        """Of a session that is paid."""
        return self.aftermath.fate if self.aftermath else "kept"


def session_after(session: Session, charge: Charge, now: datetime) -> Session:
    """An open session after this charge was started in it, and the provider has answered at once.

    It moved twice: to paying, and to what the answer means (store/charge.sql writes the same).
    """
    moved = msgspec.structs.replace(session, version=session.version + 2)
    match charge.status:
        case "created" | "pending":
            return msgspec.structs.replace(moved, status="paying")
        case "succeeded":
            return msgspec.structs.replace(moved, status="paid", paid_at=now)
        case "failed" | "expired":
            return msgspec.structs.replace(moved, status="open", expires_at=max(session.expires_at, now + RETRY_FOR))


def receipt_number(charge_id: UUID, paid_at: datetime) -> str:
    """`R-20271231-` and 8 letters of base32 from the random end of the charge's id."""
    return f"R-{paid_at:%Y%m%d}-{base64.b32encode(charge_id.bytes[-5:]).decode()}"
