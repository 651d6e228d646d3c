"""The decisions about uses, in any order: the cap holds and every capture is counted once."""

from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from services.links.domain import uses as decisions
from services.links.domain.batch import Ask, CouponKnown, Known, decide_all
from services.links.domain.coupon import Redemptions
from services.links.domain.link import Gate, Uses
from services.links.domain.uses import Use
from shared.contracts.links import HoldUse, ReleaseUse, SettleUse
from shared.kernel.money import Money

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
ORG, LINK = UUID(int=1), UUID(int=2)
TOTAL = Money(1_000, "UGX")

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["hold", "settle", "release", "lapse", "extend", "abandon"]),
        st.integers(0, 3),
        st.integers(0, 1),
    ),
    max_size=40,
)


def ask_of(verb: str, session: int, charge: int) -> Ask:
    session_id, charge_id = UUID(int=100 + session), UUID(int=1000 + 10 * session + charge)
    ids = {"org_id": ORG, "link_id": LINK, "session_id": session_id, "charge_id": charge_id}
    until = NOW + timedelta(minutes=15)
    decide = {
        "hold": partial(decisions.hold, ask=HoldUse(**ids, held_until=until), now=NOW),
        "settle": partial(decisions.settle, ask=SettleUse(**ids, total=TOTAL), at=NOW),
        "release": partial(decisions.release, ask=ReleaseUse(**ids, reason="failed")),
        "lapse": partial(decisions.lapse, org_id=ORG, now=until + timedelta(seconds=1)),
        "extend": partial(decisions.extend, charge_id=charge_id, until=until + timedelta(hours=1)),
        "abandon": partial(decisions.abandon, org_id=ORG),
    }[verb]
    return Ask(**ids, decide=decide)


@given(STEPS, st.integers(1, 3), st.sampled_from(["accept", "review", "refund"]), st.booleans())
def test_whatever_happens_the_cap_holds_and_every_capture_is_counted_once(
    steps: list[tuple[str, int, int]],
    uses_max: int,
    policy: str,
    one_batch: bool,  # noqa: FBT001 - drawn by hypothesis
) -> None:
    gate = Gate(uses=Uses(max=uses_max), late_payment_policy=policy)
    uses: dict[UUID, Use] = {}
    aside: list[UUID] = []
    earned = 0
    versions: list[int] = []
    asks = [ask_of(*step) for step in steps]
    for batch in [asks] if one_batch else [[ask] for ask in asks]:
        known = [Known(ORG, gate, uses.get(ask.session_id), ask.charge_id in aside) for ask in batch]
        outcome = decide_all(batch, known)
        uses |= outcome.uses
        gate = Gate(uses=outcome.counters.get(LINK, gate.uses), late_payment_policy=policy)
        aside += [one.charge_id for _, one in outcome.unsettled]
        earned += sum(count for count, _ in outcome.earned.values())
        versions += [fact.uses.version for fact, _ in outcome.facts]
        assert gate.uses.used + gate.uses.held <= uses_max
        assert gate.uses.used == sum(use.state == "settled" for use in uses.values())
        assert gate.uses.held == sum(use.state == "held" for use in uses.values())
        assert (gate.uses.exhausted_at is not None) == (gate.uses.used == uses_max)
    captured = {ask.charge_id for ask, step in zip(asks, steps, strict=True) if step[0] == "settle"}
    assert earned == gate.uses.used
    assert len(aside) == len(set(aside))
    assert earned + len(aside) == len(captured)
    assert versions == list(range(1, len(versions) + 1))


MORE_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["hold", "settle", "release", "lapse", "abandon", "accept", "cap"]),
        st.integers(0, 3),
        st.integers(0, 1),
    ),
    max_size=40,
)


@given(MORE_STEPS, st.sampled_from(["accept", "review", "refund"]))
def test_a_cap_that_moves_and_late_money_that_is_kept_lose_and_repeat_nothing(
    steps: list[tuple[str, int, int]], policy: str
) -> None:
    """A cap below what is held already is kept by letting nobody else in: who holds a use was promised it."""
    gate = Gate(uses=Uses(max=2), late_payment_policy=policy)
    uses: dict[UUID, Use] = {}
    aside: list[UUID] = []
    captured: set[UUID] = set()
    earned = 0
    for verb, session, charge in steps:
        before = gate.uses
        if verb == "cap":
            gate = replace(gate, uses=before.with_max((None, 1, 2, 4)[session], NOW))
            continue
        ask = ask_of("settle" if verb == "accept" else verb, session, charge)
        if verb == "accept":
            ask = replace(ask, decide=partial(decisions.accept, ask=ask.decide.keywords["ask"], at=NOW))
        captured |= {ask.charge_id} if verb == "settle" else set()
        outcome = decide_all([ask], [Known(ORG, gate, uses.get(ask.session_id), ask.charge_id in aside)])
        uses |= outcome.uses
        gate = replace(gate, uses=outcome.counters.get(LINK, before))
        aside = [
            *(one for one in aside if one not in outcome.taken_back),
            *(one.charge_id for _, one in outcome.unsettled),
        ]
        earned += sum(count for count, _ in outcome.earned.values())
        now = gate.uses
        assert now.max is None or now.used + now.held <= max(now.max, before.used + before.held)
        assert now.used == earned == sum(use.state == "settled" for use in uses.values())
        assert now.held == sum(use.state == "held" for use in uses.values())
        assert (now.exhausted_at is not None) == (now.max is not None and now.used >= now.max)
        assert (len(aside), earned + len(aside)) == (len(set(aside)), len(captured))


COUPON = UUID(int=7)


@given(STEPS, st.integers(1, 2), st.integers(1, 3))
def test_whatever_happens_a_coupon_is_held_and_redeemed_as_its_uses_are(
    steps: list[tuple[str, int, int]], redemptions_max: int, uses_max: int
) -> None:
    gate = Gate(uses=Uses(max=uses_max))
    uses: dict[UUID, Use] = {}
    aside: list[UUID] = []
    coupon = Redemptions(max=redemptions_max)
    for step in steps:
        ask = replace(ask_of(*step), coupon_id=COUPON)
        if step[0] == "hold":
            hold = replace(ask.decide.keywords["ask"], coupon_id=COUPON)
            ask = replace(ask, decide=partial(decisions.hold, ask=hold, now=NOW))
        known = Known(ORG, gate, uses.get(ask.session_id), ask.charge_id in aside)
        if known.use is None and step[0] == "settle":
            continue  # a session with a coupon never settles what it has not held first
        outcome = decide_all([ask], [known], {COUPON: CouponKnown(ORG, coupon)})
        uses |= outcome.uses
        gate = Gate(uses=outcome.counters.get(LINK, gate.uses))
        aside += [one.charge_id for _, one in outcome.unsettled]
        coupon = outcome.redemptions.get(COUPON, coupon)
        assert coupon.redeemed + coupon.held <= redemptions_max
        assert coupon.redeemed == sum(use.state == "settled" for use in uses.values())
        assert coupon.held == sum(use.state == "held" for use in uses.values())


def test_a_link_of_another_organization_is_not_there() -> None:
    known = Known(UUID(int=9), Gate(), None, False)
    assert decide_all([ask_of("hold", 0, 0)], [known]).changes == [None]
