"""Refunds, disputes, and what a merchant decides about money that came too late."""

# ruff: noqa: FBT001 - Hypothesis hands the arguments of a rule over by their names

import asyncio
from typing import Any
from uuid import UUID

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from msgspec.structs import replace

from services.checkout.domain.faults import ChargeNotCaptured, NotInReview, RefundTooLarge
from shared.kernel.money import Money
from tests.faults.money_model.checkout import Charge
from tests.faults.money_model.market import Market, index
from tests.support.teller import REFUNDS, Told


class MoneyBack(Market):
    # Before anything is captured all of it is refused: that comes often enough with what is captured not.
    @precondition(lambda self: any(one.status == "succeeded" for one in self.checkout.charges.values()))
    @rule(
        which=index,
        tenths=st.sampled_from([None, 3, 5, 10, 11]),
        does=st.sampled_from(REFUNDS),
        at_once=st.integers(1, 3),
    )
    def merchant_refunds(self, which: int, tenths: int | None, does: str, at_once: int) -> None:
        charge = self.charge(which)
        amount = None if tenths is None else charge.minor * tenths // 10
        outcomes = self.run(self._refund_at_once(charge.id, amount, at_once))
        for outcome in sorted(outcomes, key=lambda one: isinstance(one, type)):
            minor = charge.left if amount is None else amount
            if charge.status != "succeeded":
                self.seen["refund asked: not captured"] += 1
                assert outcome is ChargeNotCaptured
            elif not 0 < minor <= charge.left:
                self.seen["refund asked: too much"] += 1
                assert outcome is RefundTooLarge
            else:
                assert not isinstance(outcome, type), outcome
                assert outcome.amount == Money(minor, charge.currency)
                self.seen["refund asked: whole" if minor == charge.minor else "refund asked: in part"] += 1
                self.checkout.promise(charge, outcome.id, minor)
                self.till.teller.refund_does[outcome.reference] = does

    @rule(which=index, status=st.sampled_from(["succeeded", "failed"]), tells=st.integers(0, 2))
    def refund_ends(self, which: int, status: Any, tells: int) -> None:
        """The provider is asked for what waits, and says how one of them ended; sometimes of another amount, too."""
        self.work({"refund"})
        given = self.till.teller.given
        if not given:
            return
        reference = sorted(given)[which % len(given)]
        if given[reference].status == "pending":
            given[reference] = replace(given[reference], status=status)
        state = given[reference]
        larger = replace(state, status="succeeded", amount=Money(state.amount.minor + 1, state.amount.currency))
        self.run(self.till.tell([Told(id=self.event(), refund=larger)]))
        self.events.append(Told(id=self.event(), refund=state))
        self.tell(self.events[-1:] * tells)

    @precondition(lambda self: self.checkout.charges)
    @rule(which=index, number=st.integers(1, 2), status=st.sampled_from(["open", "won", "lost"]), whole=st.booleans())
    def payer_disputes(self, which: int, number: int, status: str, whole: bool) -> None:
        charge = self.charge(which)
        minor = charge.minor if whole else charge.minor // 2
        dispute = {"id": f"dp_{charge.id.hex}_{number}", "reference": charge.id.hex, "status": status}
        self.events.append(Told(id=self.event(), dispute=dispute | {"minor": minor, "currency": charge.currency}))
        self.tell(self.events[-1:])

    @precondition(lambda self: self.checkout.charges)
    @rule(which=index, keep=st.booleans())
    def merchant_decides(self, which: int, keep: bool) -> None:
        waiting = [one for one in self.checkout.charges.values() if one.review == "open"]
        self._decided(waiting[which % len(waiting)] if waiting and which % 3 else self.charge(which), keep=keep)

    def decide_the_rest(self) -> None:
        for place, charge in enumerate(self.checkout.charges.values()):
            if charge.review == "open":
                self._decided(charge, keep=bool(place % 2))

    def _decided(self, charge: Charge, *, keep: bool) -> None:
        try:
            refund = self.run(self._decide(charge.id, keep=keep))
        except NotInReview:
            assert charge.review not in {"open", "accepted" if keep else "refunded"}
            return
        except RefundTooLarge:
            assert (charge.review, charge.left, keep) == ("open", 0, False)
            return
        if charge.review == "open" and keep:
            self.seen["review: kept"] += 1
            self.checkout.accept(charge)
        elif charge.review == "open":
            self.seen["review: given back"] += 1
            self.checkout.promise(charge, refund, charge.left)
        else:
            assert refund is None

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
