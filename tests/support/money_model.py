"""What is to become of sessions, charges, refunds and uses: the whole of it, without a database, in plain words.

It knows what providers have said, which facts were delivered, and how late it is; nothing of how the services work.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
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


@dataclass
class Use:
    session: UUID
    link: UUID
    charge: UUID
    state: str
    held_until: datetime | None = None


@dataclass
class Link:
    id: UUID
    currency: str
    policy: str
    uses_max: int | None
    expires_at: datetime | None
    ended_at: datetime | None = None


class Links:
    """Counters are counted anew whenever somebody asks: there is nothing that could have drifted."""

    def __init__(self, links: list[Link]) -> None:
        self.links = {link.id: link for link in links}
        self.uses: dict[UUID, Use] = {}
        self.unsettled: dict[UUID, str] = {}
        self.earned: dict[UUID, int] = {}

    def used(self, link: Link) -> int:
        return sum(one.state == "settled" for one in self.uses.values() if one.link == link.id)

    def held(self, link: Link) -> int:
        return sum(one.state == "held" for one in self.uses.values() if one.link == link.id)

    def revenue(self, link: Link) -> int:
        settled = {one.charge for one in self.uses.values() if one.link == link.id and one.state == "settled"}
        return sum(minor for charge, minor in self.earned.items() if charge in settled)

    def hold(self, ask: Any, now: datetime) -> str:
        """`held`, `refused` or `all_held`."""
        link, use = self.links[ask.link_id], self.uses.get(ask.session_id)
        if use is not None and use.state == "settled":
            return "held"
        if use is not None and use.state == "refused":
            return "refused"
        held = use is not None and use.state == "held"
        if not (held and use is not None and use.charge == ask.charge_id):
            if self._over(link, now) or (link.uses_max is not None and self.used(link) >= link.uses_max):
                return "refused"
            if not held and self._full(link):
                return "all_held"
            self.uses[ask.session_id] = Use(ask.session_id, link.id, ask.charge_id, "held", ask.held_until)
            return "held"
        self.extend(ask.session_id, ask.charge_id, ask.held_until)
        return "held"

    def extend(self, session: UUID, charge: UUID, until: datetime) -> None:
        use = self.uses.get(session)
        if use is not None and use.state == "held" and use.charge == charge:
            use.held_until = max(use.held_until or until, until)

    def settle(self, link_id: UUID, session: UUID, charge: UUID, minor: int, at: datetime) -> None:
        link, use = self.links[link_id], self.uses.get(session)
        if charge in self.unsettled or (use and use.charge == charge and use.state in {"settled", "refused"}):
            return
        if use is not None and use.state == "settled":
            self.unsettled[charge] = "refund" if link.policy == "refund" else "review"
            return
        held = use is not None and use.state == "held"
        too_late = self._over(link, at) and link.policy != "accept"
        counts = not too_late and (held or not self._full(link))
        self.uses[session] = Use(session, link_id, charge, "settled" if counts else "refused")
        if counts:
            self.earned[charge] = minor
        else:
            self.unsettled[charge] = link.policy

    def accept(self, link_id: UUID, session: UUID, charge: UUID, minor: int) -> None:
        use = self.uses.get(session)
        if charge not in self.unsettled or use is None or use.state != "refused" or self._full(self.links[link_id]):
            return
        del self.unsettled[charge]
        self.uses[session] = Use(session, link_id, charge, "settled")
        self.earned[charge] = minor

    def release(self, session: UUID, charge: UUID | None) -> None:
        """`charge` None: the session is over."""
        use = self.uses.get(session)
        if use is not None and use.state == "held" and charge in {None, use.charge}:
            use.state, use.held_until = "released", None

    def lapse(self, now: datetime) -> None:
        for use in self.uses.values():
            if use.held_until is not None and use.held_until < now:
                self.release(use.session, None)

    def _full(self, link: Link) -> bool:
        return link.uses_max is not None and self.used(link) + self.held(link) >= link.uses_max

    def _over(self, link: Link, at: datetime) -> bool:
        return any(end is not None and end <= at for end in (link.ended_at, link.expires_at))
