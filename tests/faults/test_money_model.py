"""Whatever buyers, providers, clocks and the bus do, money adds up: checkout and links stand as a pure model says.

Every step of an example is done to the real use cases on two real databases, and to the model; then both are compared.
"""

# ruff: noqa: FBT001 - Hypothesis hands the arguments of a rule over by their names

import asyncio
import os
from collections import Counter
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace

from deploy.cli.books import read
from services.checkout.domain.faults import (
    ChargeNotCaptured,
    ChargeUnderWay,
    EveryUseHeld,
    LinkRefused,
    NotInReview,
    RefundTooLarge,
    SessionEnded,
)
from services.checkout.domain.means import ByRedirect
from services.links.use_cases.lapse_holds import lapse_holds
from shared.contracts import checkout as told
from shared.contracts import links as said
from shared.contracts.envelope import Received
from shared.kernel.faults import Invalid
from shared.kernel.money import Money
from tests.support import money_model as model
from tests.support.teller import CREATES, REFUNDS, Told
from tests.support.till import BEGINS, Till, Tills, tills

FULL = os.environ.get("PAYLINKS_FAULTS") == "full"
EXAMPLES = 2_000 if FULL else 30
STEPS = 30
# Making a failure shorter takes minutes: `PAYLINKS_FAULTS=full` does it, and prints the fewest steps that it takes.
PHASES = tuple(Phase) if FULL else (Phase.explicit, Phase.reuse, Phase.generate)
SESSIONS_MAX = 5
PRICES = {"UGX": 50_000, "USD": 1_999}

pytestmark = [pytest.mark.timeout(3_600 if FULL else 180)]

OFTEN = ("charge succeeded", "charge failed", "session paid", "session abandoned", "use settled")
SOMETIMES = (
    "charge expired",
    "refund failed",
    "refund succeeded",
    "dispute lost",
    "dispute won",
    "put aside: refund",
    "put aside: review",
)

index = st.integers(0, 30)
PAYERS = (*("succeeded",) * 4, "failed", "expired")
SECONDS = (2, 2, 5, 5, 20, 61, 61, 300, 901, 1_801, 7_200)
several = st.lists(index, min_size=1, max_size=6)
_REFUSALS = (SessionEnded, LinkRefused, EveryUseHeld, Invalid)


class Market(RuleBasedStateMachine):
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
        links: list[model.Link] = []
        for (currency, minor), cap in zip(PRICES.items(), caps, strict=True):
            pricing = {"type": "fixed", "amount_minor": minor, "currency": currency}
            more = {"expires_at": expires_at.isoformat()} if expires_at else {}
            view = self.run(self.till.link(pricing=pricing, uses_max=cap, late_payment_policy=policy, **more))
            self.views.append(view)
            links.append(model.Link(view.id, currency, policy, cap, expires_at))
        self.checkout, self.links = model.Checkout(), model.Links(links)
        self.order: list[UUID] = []
        self.events: list[Told] = []
        self.facts: list[Received] = []
        self.refusals: list[Received] = []
        self.undelivered: set[UUID] = set()
        self.places = (0, 0)
        self.numbers = iter(range(100_000))
        for number, does in enumerate(first):
            self._open(self.views[number % 2])
            self._pay(number, does)

    # Buyers

    def _open(self, view: said.LinkView) -> None:
        link = self.links.links[view.id]
        minor = PRICES[link.currency]
        session = self.run(self.till.open(view, Money(minor, link.currency)))
        expires_at = self.till.now + timedelta(minutes=30)
        self.checkout.open(model.Session(session, view.id, minor, link.currency, expires_at))
        self.order.append(session)

    @rule(which=index, does=st.sampled_from(CREATES), as_another=st.booleans())
    def somebody_pays(self, which: int, does: str, as_another: bool) -> None:
        if as_another and len(self.order) < SESSIONS_MAX:
            self._open(self.views[which % 2])
            which = len(self.order) - 1
        self._pay(which, does)

    def _pay(self, which: int, does: str) -> None:
        session = self.checkout.sessions[self.order[which % len(self.order)]]
        now, standing = self.till.now, self.checkout.standing(session, self.till.now)
        self.till.teller.does = does
        creates = self.till.teller.creates
        outcome: Any = None
        try:
            self.run(self.till.start_charge(session.id, ByRedirect()))
        except _REFUSALS as refused:
            outcome = type(refused)
        asked = self.till.near.take_asked()
        if standing != "open":
            assert (outcome, asked) == (SessionEnded if standing == "over" else None, [])
            assert self.till.teller.creates == creates
            return
        ((ask, _),) = asked
        charge = self.checkout.reserve(session, ask.charge_id, now)
        held = self.links.hold(ask, now)
        if held != "held":
            self.checkout.undo(charge, now)
            assert outcome is {"refused": LinkRefused, "all_held": EveryUseHeld}[held]
            assert self.till.teller.creates == creates
            return
        assert outcome is (Invalid if does == "refused_token" else None)
        if does in {"pending", "succeeded", "failed"}:
            self.checkout.word(charge, does, now, fee=charge.minor // 50)
        elif does in {"refused", "refused_token", "not_sent"}:
            self.checkout.word(charge, "failed", now)
        elif does in {"error_stored", "error_lost"}:
            charge.absent_after = now + timedelta(seconds=4)

    @rule(which=index)
    def buyer_calls_off(self, which: int) -> None:
        try:
            self.run(self.till.call_off(self.order[which % len(self.order)]))
        except ChargeUnderWay:
            assert not self.till.teller.said
        self._heard()

    # The provider

    @precondition(lambda self: self.till.teller.payments)
    @rule(which=index, becomes=st.sampled_from(PAYERS), tells=st.integers(0, 2))
    def payer_acts(self, which: int, becomes: str, tells: int) -> None:
        """Captured money stays captured; what failed may be captured late. It may be told now, later, or never."""
        waiting = [one for one in self.till.teller.payments.values() if one.status == "pending"]
        payment = waiting[0] if waiting else self._payment(which)
        if payment.status in model.ENDED and becomes != "succeeded":
            return
        if payment.status != "succeeded":
            payment = self.till.teller.become(payment.reference, becomes)
        self.events.append(Told(id=self._event(), payment=payment))
        self._tell(self.events[-1:] * tells)

    @precondition(lambda self: self.events)
    @rule(which=several)
    def callbacks_come(self, which: list[int]) -> None:
        """Any of all that were ever sent, in any order, any number of times."""
        self._tell([self.events[one % len(self.events)] for one in which])

    @precondition(lambda self: self.till.teller.payments)
    @rule(which=index, status=st.sampled_from(["ask", "pending", "failed", "expired"]))
    def provider_says_what_proves_nothing(self, which: int, status: Any) -> None:
        """Which payment to ask about; or that money which was captured never was."""
        payment = self._payment(which)
        if status == "ask" or payment.status != "succeeded":
            self._tell([Told(id=self._event(), ask=payment.reference)])
        else:
            self._tell([Told(id=self._event(), payment=replace(payment, status=status, fee=None))])

    @precondition(lambda self: self.till.teller.payments)
    @rule(which=index, how=st.sampled_from(["signature", "amount", "currency", "account", "reference", "zero"]))
    def somebody_forges_a_success(self, which: int, how: str) -> None:
        payment = replace(self._payment(which), status="succeeded")
        minor, currency = payment.total.minor, payment.total.currency
        payment = {
            "signature": payment,
            "amount": replace(payment, total=Money(minor - 1, currency)),
            "zero": replace(payment, total=Money(0, currency)),
            "currency": replace(payment, total=Money(minor, "XOF")),
            "account": replace(payment, account="acct_of_another"),
            "reference": replace(payment, reference="0" * 32),
        }[how]
        self.run(self.till.tell([Told(id=self._event(), payment=payment)], forged=how == "signature"))
        assert not self.till.teller.said

    # Time

    @rule(
        seconds=st.sampled_from(SECONDS),
        works=st.sets(st.sampled_from(["poll", "refund", "expire", "lapse"])),
    )
    def time_goes_by(self, seconds: int, works: set[str]) -> None:
        """And some of the tickers get their turn."""
        self.till.turn(timedelta(seconds=seconds))
        self._work(works)

    def _work(self, works: set[str]) -> None:
        if "poll" in works:
            self.run(self.till.poll())
            self._heard()
            for ask, answer in self.till.near.take_asked():
                assert isinstance(answer, said.UseIsHeld) == (self.links.hold(ask, self.till.now) == "held")
        if "refund" in works:
            self.run(self.till.send_refunds())
            self._heard()
        if "expire" in works:
            self.run(self.till.expire_sessions())
            self.checkout.expire(self.till.now)
        if "lapse" in works:
            self.run(lapse_holds(self.till.links.pg, now=self.till.now))
            self.links.lapse(self.till.now)

    @rule(which=st.integers(0, 1))
    def merchant_ends_a_link(self, which: int) -> None:
        link = self.links.links[self.views[which].id]
        if link.ended_at is None:
            answer = self.run(self.till.shop.client.post(f"/v1/payment-links/{link.id}/archive"))
            assert answer.status_code == 200, answer.text
            link.ended_at = self.till.now

    # Money that goes back

    @precondition(lambda self: self.checkout.charges)
    @rule(
        which=index,
        tenths=st.sampled_from([None, 3, 5, 10, 11]),
        does=st.sampled_from(REFUNDS),
        at_once=st.integers(1, 3),
    )
    def merchant_refunds(self, which: int, tenths: int | None, does: str, at_once: int) -> None:
        charge = self._charge(which)
        amount = None if tenths is None else charge.minor * tenths // 10
        outcomes = self.run(self._refund_at_once(charge.id, amount, at_once))
        for outcome in sorted(outcomes, key=lambda one: isinstance(one, type)):
            minor = charge.left if amount is None else amount
            if charge.status != "succeeded":
                assert outcome is ChargeNotCaptured
            elif not 0 < minor <= charge.left:
                assert outcome is RefundTooLarge
            else:
                assert not isinstance(outcome, type), outcome
                assert outcome.amount == Money(minor, charge.currency)
                self.checkout.promise(charge, outcome.id, minor)
                self.till.teller.refund_does[outcome.reference] = does

    @rule(which=index, status=st.sampled_from(["succeeded", "failed"]), tells=st.integers(0, 2))
    def refund_ends(self, which: int, status: Any, tells: int) -> None:
        """The provider is asked for what waits, and says how one of them ended; sometimes of another amount, too."""
        self._work({"refund"})
        given = self.till.teller.given
        if not given:
            return
        reference = sorted(given)[which % len(given)]
        if given[reference].status == "pending":
            given[reference] = replace(given[reference], status=status)
        state = given[reference]
        larger = replace(state, status="succeeded", amount=Money(state.amount.minor + 1, state.amount.currency))
        self.run(self.till.tell([Told(id=self._event(), refund=larger)]))
        self.events.append(Told(id=self._event(), refund=state))
        self._tell(self.events[-1:] * tells)

    @precondition(lambda self: self.checkout.charges)
    @rule(which=index, number=st.integers(1, 2), status=st.sampled_from(["open", "won", "lost"]), whole=st.booleans())
    def payer_disputes(self, which: int, number: int, status: str, whole: bool) -> None:
        charge = self._charge(which)
        minor = charge.minor if whole else charge.minor // 2
        dispute = {"id": f"dp_{charge.id.hex}_{number}", "reference": charge.id.hex, "status": status}
        self.events.append(Told(id=self._event(), dispute=dispute | {"minor": minor, "currency": charge.currency}))
        self._tell(self.events[-1:])

    @precondition(lambda self: self.checkout.charges)
    @rule(which=index, keep=st.booleans())
    def merchant_decides(self, which: int, keep: bool) -> None:
        charge = self._charge(which)
        try:
            refund = self.run(self._decide(charge.id, keep=keep))
        except NotInReview:
            assert charge.review not in {"open", "accepted" if keep else "refunded"}
            return
        except RefundTooLarge:
            assert (charge.review, charge.left, keep) == ("open", 0, False)
            return
        if charge.review == "open" and keep:
            self.checkout.accept(charge)
        elif charge.review == "open":
            self.checkout.promise(charge, refund, charge.left)
        else:
            assert refund is None

    # The bus

    @rule(which=several, rest=st.booleans())
    def bus_delivers(self, which: list[int], rest: bool) -> None:
        """Some facts, in any order, and as often as it likes; what was never told may come much later."""
        self._read_facts()
        if self.facts:
            self._to_links([self.facts[one % len(self.facts)] for one in which])
        if rest:
            self._to_links([one for one in self.facts if one.id in self.undelivered])
        self._read_facts()
        if self.refusals:
            self._to_checkout([self.refusals[one % len(self.refusals)] for one in which])

    # What holds at every moment

    @invariant()
    def both_stand_as_the_model_says(self) -> None:
        if hasattr(self, "till"):
            self.run(self._compare())

    def teardown(self) -> None:
        if hasattr(self, "till"):
            self._settle()

    def _settle(self) -> None:
        """All that is under way comes to its end, all facts arrive, and the books of both are compared."""
        for payment in list(self.till.teller.payments.values()):
            if payment.status == "pending":
                self.till.teller.become(payment.reference, "expired")
        for _ in range(12):
            self.till.turn(timedelta(hours=2))
            self._work({"poll", "refund", "expire", "lapse"})
            self._read_facts()
            self._to_links([one for one in reversed(self.facts) if one.id in self.undelivered])
            self._read_facts()
            self._to_checkout(self.refusals)
        self.run(self._compare())
        report = self.run(read.check(self.till.pg, self.till.links.pg))
        assert report.differences == []
        self._count()
        captured = {ref for ref, one in self.till.teller.payments.items() if one.status == "succeeded"}
        succeeded = {one.id.hex for one in self.checkout.charges.values() if one.status == "succeeded"}
        assert captured == succeeded
        for reference, given in self.till.teller.given.items():
            if given.status == "succeeded":
                assert self.checkout.refunds[UUID(reference)].status == "succeeded"
        for link in self.links.links.values():
            assert link.uses_max is None or self.links.used(link) <= link.uses_max
            assert self.links.held(link) == 0

    def _count(self) -> None:
        """What examples have come to: a run that tried nothing proves nothing."""
        self.seen.update(f"charge {one.status}" for one in self.checkout.charges.values())
        self.seen.update(f"refund {one.status}" for one in self.checkout.refunds.values())
        self.seen.update(f"dispute {one.status}" for one in self.checkout.disputes.values())
        self.seen.update(f"use {one.state}" for one in self.links.uses.values())
        self.seen.update(f"put aside: {policy}" for policy in self.links.unsettled.values())
        self.seen.update(f"session {one.status}" for one in self.checkout.sessions.values())

    async def _compare(self) -> None:
        pg, links, ours = self.till.pg, self.till.links.pg, self.checkout
        rows = await pg.fetch("SELECT id, status FROM session")
        assert {row["id"]: row["status"] for row in rows} == {one.id: one.status for one in ours.sessions.values()}
        rows = await pg.fetch("SELECT id, status, refunded_minor, refunding_minor, disputed_minor, review FROM charge")
        assert {row["id"]: tuple(row)[1:] for row in rows} == {
            one.id: (one.status, one.refunded, one.refunding, one.disputed, one.review) for one in ours.charges.values()
        }
        rows = await pg.fetch("SELECT id, status, amount_minor FROM refund")
        assert {row["id"]: tuple(row)[1:] for row in rows} == {
            one.id: (one.status, one.minor) for one in ours.refunds.values()
        }
        rows = await pg.fetch(
            "SELECT charge_id, currency, account, sum(amount_minor)::bigint AS sum FROM ledger_entry GROUP BY 1, 2, 3"
        )
        balances = {(row["charge_id"], row["currency"], row["account"]): row["sum"] for row in rows if row["sum"]}
        assert balances == ours.balances()
        for one in ours.charges.values():
            assert sum(minor for (charge, _, _), minor in balances.items() if charge == one.id) == 0
        rows = await links.fetch("SELECT session_id, charge_id, state, held_until FROM use")
        assert {row["session_id"]: tuple(row)[1:] for row in rows} == {
            one.session: (one.charge, one.state, one.held_until) for one in self.links.uses.values()
        }
        rows = await links.fetch(
            "SELECT u.link_id, u.used, u.held, coalesce(r.revenue_minor, 0)::bigint"
            " FROM link_uses u LEFT JOIN link_revenue r ON r.link_id = u.link_id"
        )
        assert {row["link_id"]: tuple(row)[1:] for row in rows} == {
            one.id: (self.links.used(one), self.links.held(one), self.links.revenue(one))
            for one in self.links.links.values()
        }
        rows = await links.fetch("SELECT charge_id, policy FROM unsettled")
        assert {row["charge_id"]: row["policy"] for row in rows} == self.links.unsettled

    # Doing it to the model, too

    def _heard(self) -> None:
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
                self._word(answer)

    def _tell(self, events: list[Told]) -> None:
        self.run(self.till.tell(events))
        for one in events:
            if one.payment is not None:
                self._word(one.payment)
        for one in events:
            if one.refund is not None:
                self.checkout.refund_word(self.checkout.refunds[UUID(one.refund.reference)], one.refund.status)
            if one.dispute is not None:
                charge = self.checkout.charges.get(UUID(one.dispute["reference"]))
                if charge is not None:
                    self.checkout.dispute_word(one.dispute["id"], charge, one.dispute["minor"], one.dispute["status"])
        self._heard()

    def _word(self, payment: Any) -> None:
        charge = self.checkout.charges[UUID(payment.reference)]
        self.checkout.word(charge, payment.status, self.till.now, fee=payment.fee.minor if payment.fee else 0)

    def _read_facts(self) -> None:
        self.run(self._read())

    async def _read(self) -> None:
        new, place = await self.till.facts(self.till.pg, self.places[0])
        refused, other = await self.till.facts(self.till.links.pg, self.places[1])
        self.places = place, other
        self.facts += new
        self.undelivered |= {one.id for one in new}
        self.refusals += [one for one in refused if isinstance(one.event, said.UseRefused)]

    def _to_links(self, facts: list[Received]) -> None:
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

    def _to_checkout(self, refusals: list[Received]) -> None:
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

    async def _refund_at_once(self, charge: UUID, amount: int | None, times: int) -> list[Any]:
        async def one() -> Any:
            try:
                async with self.till.pg.transaction() as tx:
                    return await self.till.refund_charge.ask(
                        tx,
                        charge,
                        org_id=self.till.org_id,
                        livemode=True,
                        amount_minor=amount,
                        reason=None,
                        by="key:tests",
                        now=self.till.now,
                    )
            except (ChargeNotCaptured, RefundTooLarge) as refused:
                return type(refused)

        return await asyncio.gather(*(one() for _ in range(times)))

    async def _decide(self, charge: UUID, *, keep: bool) -> UUID | None:
        """The refund that was made."""
        refunds = self.till.refund_charge
        before = {row["id"] for row in await self.till.pg.fetch("SELECT id FROM refund")}
        async with self.till.pg.transaction() as tx:
            decide = refunds.accept_reviewed if keep else refunds.refund_reviewed
            await decide(tx, charge, org_id=self.till.org_id, livemode=True, by="key:tests", now=self.till.now)
        made = {row["id"] for row in await self.till.pg.fetch("SELECT id FROM refund")} - before
        return made.pop() if made else None

    def _payment(self, which: int) -> Any:
        payments = list(self.till.teller.payments.values())
        return payments[which % len(payments)]

    def _charge(self, which: int) -> model.Charge:
        """Captured ones first: most of what is done to others is refused."""
        charges = sorted(self.checkout.charges.values(), key=lambda one: (one.status != "succeeded", one.id))
        return charges[which % len(charges)]

    def _event(self) -> str:
        return f"ev_{next(self.numbers)}"


@pytest.fixture(scope="module")
async def dsns(databases: Any) -> Any:
    made = await databases.clone("checkout"), await databases.clone("links")
    yield made
    for dsn in made:
        await databases.drop(dsn)


def test_whatever_happens_money_adds_up_as_the_model_says(dsns: tuple[str, str]) -> None:
    loop = asyncio.new_event_loop()
    room = tills(*dsns)
    try:
        Market.wait = staticmethod(loop.run_until_complete)
        Market.tills = loop.run_until_complete(room.__aenter__())
        run_state_machine_as_test(
            Market,
            settings=settings(
                max_examples=EXAMPLES, stateful_step_count=STEPS, derandomize=not FULL, print_blob=True, phases=PHASES
            ),
        )
        assert min(Market.seen[what] for what in OFTEN) >= EXAMPLES // 10, Market.seen
        # Fifty examples do not come to all of the rare ends.
        assert not FULL or min(Market.seen[what] for what in SOMETIMES) >= EXAMPLES // 50, Market.seen
    finally:
        loop.run_until_complete(room.__aexit__(None, None, None))
        loop.close()
