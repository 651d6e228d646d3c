"""What buyers do."""

# ruff: noqa: FBT001 - Hypothesis hands the arguments of a rule over by their names

from hypothesis import strategies as st
from hypothesis.stateful import rule

from services.checkout.domain.faults import ChargeUnderWay
from tests.faults.money_model.market import Market, index
from tests.support.teller import CREATES

SESSIONS_MAX = 5


class Buyers(Market):
    @rule(which=index, does=st.sampled_from(CREATES), as_another=st.booleans())
    def somebody_pays(self, which: int, does: str, as_another: bool) -> None:
        if as_another and len(self.order) < SESSIONS_MAX:
            self.open(self.views[which % 2])
            which = len(self.order) - 1
        self.pay(which, does)

    @rule(which=index)
    def buyer_calls_off(self, which: int) -> None:
        try:
            self.run(self.till.call_off(self.order[which % len(self.order)]))
        except ChargeUnderWay:
            self.seen["called off: under way"] += 1
            assert not self.till.teller.said
        self.heard()
