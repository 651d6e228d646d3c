"""What is to become of sessions, charges, refunds and disputes: without a database, in plain words.

It knows what providers have said, which facts were delivered, and how late it is; nothing of how the services work.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

MAY_BECOME: Final = {
    "created": {"pending", "succeeded", "failed", "expired"},
    "pending": {"succeeded", "failed", "expired"},
    "failed": {"succeeded"},
    "expired": {"succeeded"},
    "succeeded": set(),
}
ENDED: Final = {"failed", "expired"}


@dataclass
class Charge:
    id: UUID
    session: UUID
    minor: int
    currency: str
    absent_after: datetime
    status: str = "created"
    fee: int = 0
    refunded: int = 0
    refunding: int = 0
    disputed: int = 0
    review: str | None = None

    @property
    def left(self) -> int:
        taken = self.refunded + self.refunding + self.disputed
        return max(0, self.minor - taken) if self.status == "succeeded" else 0


@dataclass
class Session:
    id: UUID
    link: UUID
    minor: int
    currency: str
    expires_at: datetime
    status: str = "open"
    charges: list[UUID] = field(default_factory=list)


@dataclass
class Refund:
    id: UUID
    charge: UUID
    minor: int
    by_policy: bool
    status: str = "created"


@dataclass
class Dispute:
    charge: UUID
    minor: int
    status: str


class Checkout:
    def __init__(self) -> None:
        self.sessions: dict[UUID, Session] = {}
        self.charges: dict[UUID, Charge] = {}
        self.refunds: dict[UUID, Refund] = {}
        self.disputes: dict[str, Dispute] = {}
        self.facts: Counter[tuple[str, UUID]] = Counter()

    def open(self, session: Session) -> None:
        self.sessions[session.id] = session

    def standing(self, session: Session, now: datetime) -> str:
        over = session.status == "open" and session.expires_at <= now
        return "over" if over or session.status in {"expired", "abandoned"} else session.status

    def reserve(self, session: Session, charge_id: UUID, now: datetime) -> Charge:
        session.status = "paying"
        session.charges.append(charge_id)
        charge = Charge(charge_id, session.id, session.minor, session.currency, now + timedelta(seconds=60))
        self.charges[charge_id] = charge
        return charge

    def undo(self, charge: Charge, now: datetime) -> None:
        session = self.sessions[charge.session]
        session.charges.remove(charge.id)
        del self.charges[charge.id]
        self._open_again(session, now)

    def word(self, charge: Charge, status: str, now: datetime, *, fee: int = 0) -> None:
        """A true word of the provider about this very payment, however often and however late."""
        if status not in MAY_BECOME[charge.status]:
            return
        charge.status = status
        session = self.sessions[charge.session]
        self.facts[f"charge.{status}", charge.id] += 1
        if status == "succeeded":
            charge.fee = fee
            session.status = "paid"
        elif status in ENDED and session.status == "paying":
            self._open_again(session, now)

    def absent(self, charge: Charge, now: datetime) -> None:
        if charge.status == "created" and charge.absent_after <= now:
            self.word(charge, "failed", now)

    def expire(self, now: datetime) -> None:
        for session in self.sessions.values():
            if session.status == "open" and session.expires_at <= now:
                session.status = "abandoned" if session.charges else "expired"
                self.facts[f"session.{session.status}", session.id] += 1

    def promise(self, charge: Charge, refund_id: UUID, minor: int, *, by_policy: bool = False) -> None:
        if minor == charge.left and (charge.review == "open" or by_policy):
            charge.review = "refunded"
        charge.refunding += minor
        self.refunds[refund_id] = Refund(refund_id, charge.id, minor, by_policy)
        self.facts["refund.created", refund_id] += 1

    def put_aside(self, charge: Charge, *, policy: str) -> bool:
        """Whether it is to go back by itself."""
        if charge.status != "succeeded" or charge.review is not None:
            return False
        if policy == "refund" and charge.left == charge.minor:
            return True
        charge.review = "open"
        self.facts["charge.needs_review", charge.id] += 1
        return False

    def accept(self, charge: Charge) -> None:
        charge.review = "accepted"
        self.facts["charge.accepted", charge.id] += 1

    def refund_word(self, refund: Refund, status: str) -> None:
        after = {"created": {"pending", "succeeded", "failed"}, "pending": {"succeeded", "failed"}}
        if status not in after.get(refund.status, ()):
            return
        refund.status = status
        charge = self.charges[refund.charge]
        if status == "pending":
            return
        charge.refunding -= refund.minor
        self.facts[f"refund.{status}", refund.id] += 1
        if status == "succeeded":
            charge.refunded += refund.minor
            self.facts["charge.refunded", charge.id] += 1
        elif charge.review == "refunded":
            charge.review = "open"
            self.facts["charge.needs_review", charge.id] += 1

    def dispute_word(self, dispute_id: str, charge: Charge, minor: int, status: str) -> None:
        if charge.status != "succeeded" or not 0 < minor <= charge.minor:
            return
        before = self.disputes.get(dispute_id)
        if before is not None and (before.minor != minor or before.status != "open" or status == "open"):
            return
        if before is None:
            self.facts["charge.disputed", charge.id] += 1
            charge.disputed += minor
        if status == "won":
            charge.disputed -= minor
        if status != "open":
            self.facts["dispute.closed", charge.id] += 1
        self.disputes[dispute_id] = Dispute(charge.id, minor, status)

    def balances(self) -> dict[tuple[UUID, str, str], int]:
        """By charge, currency and account of the ledger; accounts that are even are left out."""
        sums: Counter[tuple[UUID, str, str]] = Counter()
        for charge in self.charges.values():
            if charge.status != "succeeded":
                continue
            mine = [one for one in self.disputes.values() if one.charge == charge.id]
            of = {
                "provider": charge.minor - charge.fee - charge.refunded - charge.disputed,
                "merchant": -charge.minor,
                "fees": charge.fee,
                "refunds": charge.refunded,
                "disputes": sum(one.minor for one in mine if one.status == "open"),
                "chargebacks": sum(one.minor for one in mine if one.status == "lost"),
            }
            sums.update({(charge.id, charge.currency, account): minor for account, minor in of.items()})
        return {key: minor for key, minor in sums.items() if minor}

    def _open_again(self, session: Session, now: datetime) -> None:
        session.status = "open"
        session.expires_at = max(session.expires_at, now + timedelta(minutes=10))
