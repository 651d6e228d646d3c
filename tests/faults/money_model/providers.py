"""What payers do at the provider, what it tells of it, and what others tell in its name."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule
from msgspec.structs import replace

from shared.kernel.money import Money
from tests.faults.money_model.checkout import ENDED
from tests.faults.money_model.market import Market, index, several
from tests.support.teller import Told

PAYERS = (*("succeeded",) * 4, "failed", "expired")


class Providers(Market):
    @precondition(lambda self: self.till.teller.payments)
    @rule(which=index, becomes=st.sampled_from(PAYERS), tells=st.integers(0, 2))
    def payer_acts(self, which: int, becomes: str, tells: int) -> None:
        """Captured money stays captured; what failed may be captured late. It may be told now, later, or never."""
        waiting = [one for one in self.till.teller.payments.values() if one.status == "pending"]
        payment = waiting[0] if waiting else self.payment(which)
        if payment.status in ENDED and becomes != "succeeded":
            return
        if payment.status != "succeeded":
            payment = self.till.teller.become(payment.reference, becomes)
        self.events.append(Told(id=self.event(), payment=payment))
        self.tell(self.events[-1:] * tells)

    @precondition(lambda self: self.events)
    @rule(which=several)
    def callbacks_come(self, which: list[int]) -> None:
        """Any of all that were ever sent, in any order, any number of times."""
        come = [self.events[one % len(self.events)] for one in which]
        again = [one.id for one in come if one.id in self.told]
        self.seen["callbacks: told again"] += len(again)
        self.seen["callbacks: several at once"] += len(come) > 1
        self.seen["callbacks: an older one after a newer"] += come != sorted(come, key=self.events.index)
        self.tell(come)

    @precondition(lambda self: self.till.teller.payments)
    @rule(which=index, status=st.sampled_from(["ask", "pending", "failed", "expired"]))
    def provider_says_what_proves_nothing(self, which: int, status: Any) -> None:
        """Which payment to ask about; or that money which was captured never was."""
        payment = self.payment(which)
        self.seen[f"proves nothing: {status}"] += 1
        if status == "ask" or payment.status != "succeeded":
            self.tell([Told(id=self.event(), ask=payment.reference)])
        else:
            self.tell([Told(id=self.event(), payment=replace(payment, status=status, fee=None))])

    @precondition(lambda self: self.till.teller.payments)
    @rule(which=index, how=st.sampled_from(["signature", "amount", "currency", "account", "reference", "zero"]))
    def somebody_forges_a_success(self, which: int, how: str) -> None:
        payment = replace(self.payment(which), status="succeeded")
        minor, currency = payment.total.minor, payment.total.currency
        payment = {
            "signature": payment,
            "amount": replace(payment, total=Money(minor - 1, currency)),
            "zero": replace(payment, total=Money(0, currency)),
            "currency": replace(payment, total=Money(minor, "XOF")),
            "account": replace(payment, account="acct_of_another"),
            "reference": replace(payment, reference="0" * 32),
        }[how]
        self.seen["forged"] += 1
        self.run(self.till.tell([Told(id=self.event(), payment=payment)], forged=how == "signature"))
        assert not self.till.teller.said
