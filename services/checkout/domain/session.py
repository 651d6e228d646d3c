"""A buyer's attempt to pay a link, from the first details to the receipt."""

import base64
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import Struct

from services.checkout.domain.charge import Charge
from services.checkout.domain.lifecycle import SessionStatus
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


class SessionState(Struct, frozen=True):
    """A session and the charge that tells its story: the one that succeeded, else the latest."""

    session: Session
    charge: Charge | None

    def status_at(self, now: datetime) -> SessionStatus:
        """The status as a buyer should see it: time runs out before the ticker has written so."""
        if self.session.status == "open" and self.session.expires_at <= now:
            return "abandoned" if self.charge else "expired"
        return self.session.status


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
