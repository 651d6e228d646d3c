"""What is to become of the uses of links, of what they have earned, and of money that comes too late."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


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
