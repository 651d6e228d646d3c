from pathlib import Path

import msgspec

from deploy.simulators.callbacks.faults import Faults
from deploy.simulators.stripe.cards import TEST_CARDS
from services.checkout.providers.stripe.events import SUBSCRIBED
from services.checkout.providers.wave.wire import SESSION_EVENTS

DOCS = Path(__file__).parents[3] / "docs"
SIMULATORS = (DOCS / "simulators.md").read_text(encoding="utf-8")


def test_every_test_card_of_stripe_and_every_fault_is_documented() -> None:
    for number in TEST_CARDS:
        assert number in SIMULATORS
    for name in msgspec.structs.fields(Faults):
        assert f"`{name.name}`" in SIMULATORS


def test_the_events_to_subscribe_to_are_those_that_are_read() -> None:
    for provider, events in (("stripe", SUBSCRIBED), ("wave", SESSION_EVENTS)):
        page = (DOCS / "providers" / f"{provider}.md").read_text(encoding="utf-8")
        for event in events:
            assert f"    {event}\n" in page
