"""Time goes by, links end, and the bus delivers what it will."""

# ruff: noqa: FBT001 - Hypothesis hands the arguments of a rule over by their names

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.faults.money_model.market import Market, several

SECONDS = (2, 2, 5, 5, 20, 61, 61, 300, 901, 1_801, 7_200)


class Passing(Market):
    @rule(
        seconds=st.sampled_from(SECONDS),
        works=st.sets(st.sampled_from(["poll", "refund", "expire", "lapse"])),
    )
    def time_goes_by(self, seconds: int, works: set[str]) -> None:
        """And some of the tickers get their turn."""
        self.till.turn(timedelta(seconds=seconds))
        self.work(works)

    @rule(which=st.integers(0, 1))
    def merchant_ends_a_link(self, which: int) -> None:
        link = self.links.links[self.views[which].id]
        if link.ended_at is None:
            answer = self.run(self.till.shop.client.post(f"/v1/payment-links/{link.id}/archive"))
            assert answer.status_code == 200, answer.text
            self.seen["link ended"] += 1
            link.ended_at = self.till.now

    @rule(which=several, rest=st.booleans())
    def bus_delivers(self, which: list[int], rest: bool) -> None:
        """Some facts, in any order, and as often as it likes; what was never told may come much later."""
        self.read_facts()
        if self.facts:
            self.to_links([self.facts[one % len(self.facts)] for one in which])
        if rest:
            self.to_links([one for one in self.facts if one.id in self.undelivered])
        self.read_facts()
        if self.refusals:
            self.to_checkout([self.refusals[one % len(self.refusals)] for one in which])
