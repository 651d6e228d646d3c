"""Decisions about many uses at once, one after the other, as if each had the counters for itself."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final
from uuid import UUID

import msgspec
from msgspec.structs import replace

from services.links.domain.coupon import Redemptions
from services.links.domain.link import Gate, Uses
from services.links.domain.uses import Change, Standing, Unsettled, Use, redemptions_after
from shared.contracts.links import UseEvent
from shared.kernel.money import Money


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """Someone wants something done with a session's use. `decide` is one of the decisions of `domain.uses`.

    `coupon_id` is the coupon that the use is to have, where it has none yet.
    """

    org_id: UUID
    link_id: UUID
    session_id: UUID
    charge_id: UUID
    decide: Callable[[Standing], Change]
    traceparent: str | None = None
    coupon_id: UUID | None = None


class Known(msgspec.Struct, frozen=True):
    """What the store knows about one ask: whose link it is, and what stands for it."""

    org_id: UUID
    gate: Gate
    use: Use | None
    known_unsettled: bool


class CouponKnown(msgspec.Struct, frozen=True):
    """The counters of one coupon, and whose it is."""

    org_id: UUID
    redemptions: Redemptions


Coupons = Mapping[UUID, CouponKnown]
NO_COUPONS: Final[Coupons] = MappingProxyType({})


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written, and for each ask what became of it (None: there is no such link or session there)."""

    changes: Sequence[Change | None]
    standings: Sequence[tuple[Use | None, Uses] | None]
    uses: Mapping[UUID, Use]
    counters: Mapping[UUID, Uses]
    earned: Mapping[tuple[UUID, str], tuple[int, int]]
    unsettled: Sequence[tuple[UUID, Unsettled]]
    taken_back: Sequence[UUID]
    facts: Sequence[tuple[UseEvent, str | None]]
    redemptions: Mapping[UUID, Redemptions]


def coupons_of(asks: Sequence[Ask], known: Sequence[Known | None]) -> list[UUID]:
    """The coupons that these decisions are about, in the order in which everybody locks them; mostly none."""
    asked = {ask.coupon_id for ask in asks if ask.coupon_id is not None}
    had = {one.use.coupon_id for one in known if one is not None and one.use is not None and one.use.coupon_id}
    return sorted(asked | had)


def decide_all(asks: Sequence[Ask], known: Sequence[Known | None], coupons: Coupons = NO_COUPONS) -> Outcome:
    """`known` goes with `asks`, one to one; `coupons` are those of `coupons_of`.

    `earned` is (count, minor units) by link and currency.
    """
    book = _Book(coupons)
    changes = [book.decide(ask, one) for ask, one in zip(asks, known, strict=True)]
    return Outcome(
        changes=changes,
        standings=book.standings,
        uses=book.uses,
        counters=book.counters,
        earned=book.earned,
        unsettled=book.unsettled,
        taken_back=book.taken_back,
        facts=book.facts,
        redemptions=book.redemptions,
    )


class _Book:
    def __init__(self, coupons: Coupons) -> None:
        self._coupons = coupons
        self.redemptions: dict[UUID, Redemptions] = {}
        self.uses: dict[UUID, Use] = {}
        self.counters: dict[UUID, Uses] = {}
        self.earned: dict[tuple[UUID, str], tuple[int, int]] = {}
        self.unsettled: list[tuple[UUID, Unsettled]] = []
        self.taken_back: list[UUID] = []
        self.facts: list[tuple[UseEvent, str | None]] = []
        self.standings: list[tuple[Use | None, Uses] | None] = []
        self._put_aside: set[UUID] = set()

    def decide(self, ask: Ask, known: Known | None) -> Change | None:
        use = self.uses.get(ask.session_id, known.use if known else None)
        if known is None or known.org_id != ask.org_id or (use is not None and use.link_id != ask.link_id):
            self.standings.append(None)
            return None
        counters = self.counters.get(ask.link_id, known.gate.uses)
        aside = known.known_unsettled or ask.charge_id in self._put_aside
        coupon_id = (use.coupon_id if use else None) or ask.coupon_id
        coupon = self._redemptions_of(coupon_id, ask.org_id) if coupon_id else None
        change = ask.decide(Standing(replace(known.gate, uses=counters), use, aside, coupon))
        if coupon_id and coupon and change.use is not None:
            after = redemptions_after(coupon, use, change.use)
            if after is not coupon:
                self.redemptions[coupon_id] = after
        self._note(ask, change)
        self.standings.append((change.use or use, change.uses or counters))
        return change

    def _redemptions_of(self, coupon_id: UUID, org_id: UUID) -> Redemptions | None:
        known = self._coupons.get(coupon_id)
        if known is None or known.org_id != org_id:
            return None
        return self.redemptions.get(coupon_id, known.redemptions)

    def _note(self, ask: Ask, change: Change) -> None:
        if change.use is not None:
            self.uses[ask.session_id] = change.use
        if change.uses is not None:
            self.counters[ask.link_id] = change.uses
        if change.earned is not None:
            self._earn(ask.link_id, change.earned)
        if change.unsettled is not None:
            self.unsettled.append((ask.link_id, change.unsettled))
            self._put_aside.add(ask.charge_id)
        if change.taken_back is not None:
            self.taken_back.append(change.taken_back)
        if change.fact is not None:
            self.facts.append((change.fact, ask.traceparent))

    def _earn(self, link_id: UUID, total: Money) -> None:
        count, minor = self.earned.get((link_id, total.currency), (0, 0))
        self.earned[link_id, total.currency] = (count + 1, minor + total.minor)
