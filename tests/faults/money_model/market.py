"""Each step of an example is done to the real use cases on two real databases, and to the model; both are compared.

This is how to do it; which steps there are stands in the files of rules beside this one.
"""

from collections import Counter
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from deploy.cli.books import read
from services.checkout.domain.faults import EveryUseHeld, LinkRefused, SessionEnded
from services.checkout.domain.means import ByRedirect
from services.links.use_cases.lapse_holds import lapse_holds
from shared.contracts import checkout as told
from shared.contracts import links as said
from shared.contracts.envelope import Received
from shared.kernel.faults import Invalid
from shared.kernel.money import Money
from tests.faults.money_model.checkout import Charge, Checkout, Session
from tests.faults.money_model.compare import compare
from tests.faults.money_model.links import Link, Links
from tests.support.teller import CREATES, Told
from tests.support.till import BEGINS, Till, Tills

PRICES = {"UGX": 50_000, "USD": 1_999}
REFUSALS = (SessionEnded, LinkRefused, EveryUseHeld, Invalid)
index = st.integers(0, 30)
several = st.lists(index, min_size=1, max_size=6)


class Market(RuleBasedStateMachine):
    """`seen` counts what examples have come to: a run that tried nothing proves nothing."""

    till: Till
    wait: ClassVar[Any]
    tills: ClassVar[Tills]
    seen: ClassVar[Counter[str]] = Counter()

    def run(self, doing: Coroutine[Any, Any, Any]) -> Any:
        return self.wait(doing)

    @initialize(
        policy=st.sampled_from(["accept", "review", "refund"]),
        caps=st.tuples(*[st.sampled_from([None, 1, 2])] * 2),
        hours=st.sampled_from([None, 1]),
        first=st.lists(st.sampled_from(CREATES), min_size=2, max_size=4),
    )
    def begin(self, policy: str, caps: tuple[int | None, int | None], hours: int | None, first: list[str]) -> None:
        self.till = self.run(self.tills.fresh())
        expires_at = BEGINS + timedelta(hours=hours) if hours else None
        self.views: list[said.LinkView] = []
        links: list[Link] = []
        for (currency, minor), cap in zip(PRICES.items(), caps, strict=True):
            pricing = {"type": "fixed", "amount_minor": minor, "currency": currency}
            more = {"expires_at": expires_at.isoformat()} if expires_at else {}
            view = self.run(self.till.link(pricing=pricing, uses_max=cap, late_payment_policy=policy, **more))
            self.views.append(view)
            links.append(Link(view.id, currency, policy, cap, expires_at))
        self.checkout, self.links = Checkout(), Links(links)
        self.order: list[UUID] = []
        self.events: list[Told] = []
        self.told: set[str] = set()
        self.facts: list[Received] = []
        self.refusals: list[Received] = []
        self.undelivered: set[UUID] = set()
        self.places = (0, 0)
        self.numbers = iter(range(100_000))
        for number, does in enumerate(first):
            self.open(self.views[number % 2])
            self.pay(number, does)

    def open(self, view: said.LinkView) -> None:
        link = self.links.links[view.id]
        minor = PRICES[link.currency]
        session = self.run(self.till.open(view, Money(minor, link.currency)))
        expires_at = self.till.now + timedelta(minutes=30)
        self.checkout.open(Session(session, view.id, minor, link.currency, expires_at))
        self.order.append(session)

    def pay(self, which: int, does: str) -> None:
        session = self.checkout.sessions[self.order[which % len(self.order)]]
        now, standing = self.till.now, self.checkout.standing(session, self.till.now)
        self.till.teller.does = does
        creates = self.till.teller.creates
        outcome: Any = None
        try:
            self.run(self.till.start_charge(session.id, ByRedirect()))
        except REFUSALS as refused:
            outcome = type(refused)
        asked = self.till.near.take_asked()
        self.seen[f"start: {standing}"] += 1
        if standing != "open":
            assert (outcome, asked) == (SessionEnded if standing == "over" else None, [])
            assert self.till.teller.creates == creates
            return
        ((ask, _),) = asked
        charge = self.checkout.reserve(session, ask.charge_id, now)
        held = self.links.hold(ask, now)
        self.seen[f"hold: {held}"] += 1
        if held != "held":
            self.checkout.undo(charge, now)
            assert outcome is {"refused": LinkRefused, "all_held": EveryUseHeld}[held]
            assert self.till.teller.creates == creates
            return
        self.seen[f"create: {does}"] += 1
        assert outcome is (Invalid if does == "refused_token" else None)
        if does in {"pending", "succeeded", "failed"}:
            self.checkout.word(charge, does, now, fee=charge.minor // 50)
        elif does in {"refused", "refused_token", "not_sent"}:
            self.checkout.word(charge, "failed", now)
        elif does in {"error_stored", "error_lost"}:
            charge.absent_after = now + timedelta(seconds=4)

    def work(self, works: set[str]) -> None:
        if "poll" in works:
            self.run(self.till.poll())
            self.heard()
            for ask, answer in self.till.near.take_asked():
                assert isinstance(answer, said.UseIsHeld) == (self.links.hold(ask, self.till.now) == "held")
        if "refund" in works:
            self.run(self.till.send_refunds())
            self.heard()
        if "expire" in works:
            self.run(self.till.expire_sessions())
            self.checkout.expire(self.till.now)
        if "lapse" in works:
            self.run(lapse_holds(self.till.links.pg, now=self.till.now))
            self.links.lapse(self.till.now)

    # What holds at every moment

    @invariant()
    def both_stand_as_the_model_says(self) -> None:
        if hasattr(self, "till"):
            self.run(compare(self.till, self.checkout, self.links))

    def teardown(self) -> None:
        if hasattr(self, "till"):
            self.settle()

    def settle(self) -> None:
        """All that is under way comes to its end, all facts arrive, and the books of both are compared."""
        for payment in list(self.till.teller.payments.values()):
            if payment.status == "pending":
                self.till.teller.become(payment.reference, "expired")
        for _ in range(12):
            self.till.turn(timedelta(hours=2))
            self.work({"poll", "refund", "expire", "lapse"})
            self.read_facts()
            self.to_links([one for one in reversed(self.facts) if one.id in self.undelivered])
            self.read_facts()
            self.to_checkout(self.refusals)
            self.decide_the_rest()
        self.run(compare(self.till, self.checkout, self.links))
        report = self.run(read.check(self.till.pg, self.till.links.pg))
        assert report.differences == []
        self.count()
        facts = Counter(fact for one in self.facts if (fact := told_of(one)))
        assert facts == self.checkout.facts, (facts - self.checkout.facts, self.checkout.facts - facts)
        captured = {ref for ref, one in self.till.teller.payments.items() if one.status == "succeeded"}
        succeeded = {one.id.hex for one in self.checkout.charges.values() if one.status == "succeeded"}
        assert captured == succeeded
        for reference, given in self.till.teller.given.items():
            if given.status == "succeeded":
                assert self.checkout.refunds[UUID(reference)].status == "succeeded"
        for link in self.links.links.values():
            assert link.uses_max is None or self.links.used(link) <= link.uses_max
            assert self.links.held(link) == 0

    def decide_the_rest(self) -> None:
        """While all comes to its end, the merchant decides about what nobody has decided about."""

    def count(self) -> None:
        """What examples have come to: a run that tried nothing proves nothing."""
        self.seen.update(f"charge {one.status}" for one in self.checkout.charges.values())
        self.seen.update(f"refund {one.status}" for one in self.checkout.refunds.values())
        self.seen.update(f"dispute {one.status}" for one in self.checkout.disputes.values())
        self.seen.update(f"use {one.state}" for one in self.links.uses.values())
        self.seen.update(f"put aside: {policy}" for policy in self.links.unsettled.values())
        self.seen.update(f"session {one.status}" for one in self.checkout.sessions.values())

    # Doing it to the model, too

    def heard(self) -> None:
        """What the provider has answered to questions."""
        for kind, reference, answer in self.till.teller.take_said():
            if kind == "refund":
                refund = self.checkout.refunds[UUID(reference)]
                status = getattr(answer, "status", None)
                if status is not None or refund.status == "created":
                    self.checkout.refund_word(refund, status or "failed")
            elif answer is None:
                self.checkout.absent(self.checkout.charges[UUID(reference)], self.till.now)
            else:
                self.word(answer)

    def tell(self, events: list[Told]) -> None:
        self.told |= {one.id for one in events}
        self.run(self.till.tell(events))
        for one in events:
            if one.payment is not None:
                self.word(one.payment)
        for one in events:
            if one.refund is not None:
                self.checkout.refund_word(self.checkout.refunds[UUID(one.refund.reference)], one.refund.status)
            if one.dispute is not None:
                charge = self.checkout.charges.get(UUID(one.dispute["reference"]))
                if charge is not None:
                    self.checkout.dispute_word(one.dispute["id"], charge, one.dispute["minor"], one.dispute["status"])
        self.heard()

    def word(self, payment: Any) -> None:
        charge = self.checkout.charges[UUID(payment.reference)]
        self.checkout.word(charge, payment.status, self.till.now, fee=payment.fee.minor if payment.fee else 0)

    def read_facts(self) -> None:
        self.run(self._read())

    async def _read(self) -> None:
        new, place = await self.till.facts(self.till.pg, self.places[0])
        refused, other = await self.till.facts(self.till.links.pg, self.places[1])
        self.places = place, other
        self.facts += new
        self.undelivered |= {one.id for one in new}
        self.refusals += [one for one in refused if isinstance(one.event, said.UseRefused)]

    def to_links(self, facts: list[Received]) -> None:
        self.run(self.till.to_links(facts))
        self.undelivered -= {one.id for one in facts}
        for one in facts:
            event: Any = one.event
            match event:
                case told.ChargeSucceeded():
                    self.links.settle(event.link_id, event.session_id, event.charge_id, event.total.minor, event.at)
                case told.ChargeAccepted():
                    self.links.accept(event.link_id, event.session_id, event.charge_id, event.total.minor)
                case told.ChargeFailed() | told.ChargeExpired():
                    self.links.release(event.session_id, event.charge_id)
                case told.ChargePending():
                    self.links.extend(event.session_id, event.charge_id, event.pending_until)
                case told.SessionExpired() | told.SessionAbandoned():
                    self.links.release(event.session_id, None)
                case _:
                    pass

    def to_checkout(self, refusals: list[Received]) -> None:
        self.run(self.till.to_checkout(refusals))
        for one in refusals:
            event: Any = one.event
            charge = self.checkout.charges[event.charge_id]
            if self.checkout.put_aside(charge, policy=event.policy):
                row = self.run(
                    self.till.pg.fetchrow(
                        "SELECT id FROM refund WHERE charge_id = $1 AND asked_by = 'policy'", charge.id
                    )
                )
                assert row is not None
                self.checkout.promise(charge, row["id"], charge.left, by_policy=True)

    def payment(self, which: int) -> Any:
        payments = list(self.till.teller.payments.values())
        return payments[which % len(payments)]

    def charge(self, which: int) -> Charge:
        """Captured ones first: most of what is done to others is refused."""
        charges = sorted(self.checkout.charges.values(), key=lambda one: (one.status != "succeeded", one.id))
        return charges[which % len(charges)]

    def event(self) -> str:
        return f"ev_{next(self.numbers)}"


def told_of(fact: Received) -> tuple[str, UUID] | None:
    """Which fact about what, as the model counts them; None: the model has nothing to say about it."""
    event: Any = fact.event
    kind = ".".join(fact.type.split(".")[-2:])
    entity = kind.partition(".")[0]
    if entity not in {"session", "charge", "refund", "dispute"} or kind in {"session.opened", "charge.created"}:
        return None
    return kind, getattr(event, f"{entity}_id" if entity in {"session", "refund"} else "charge_id")
