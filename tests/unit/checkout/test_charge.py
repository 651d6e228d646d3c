"""What is believed of a provider, and what is announced of it."""

import itertools

import msgspec
import pytest

from services.checkout.domain.charge import judge, payer_hint
from services.checkout.domain.facts import Story, facts_of
from services.checkout.domain.lifecycle import CHARGE_EDGES, SESSION_EDGES, may_become
from services.checkout.domain.session import receipt_number
from shared.contracts.checkout import ChargeExpired, ChargeFailed, ChargeSucceeded, CustomerView
from shared.contracts.envelope import type_of
from shared.contracts.links import FixedView, PlanView
from shared.kernel.ids import UUID, new_id
from shared.kernel.money import Money
from tests.support.checkout import a_link
from tests.unit.checkout.build import ACCOUNT, NOW, a_charge, a_state

STORY = Story(a_link(), CustomerView(email="amina@example.com"), "en", "paying")


def verdict_on(charge_status: str, state: str, *, event: str | None = "evt_2", **over: object) -> str:
    charge = a_charge(status=charge_status, event_ids=("evt_1",))
    return judge(charge, a_state(state, **over), account=ACCOUNT, event_id=event, now=NOW).verdict


@pytest.mark.parametrize(
    ("was", "says", "verdict"),
    [
        ("created", "pending", "accepted"),
        ("created", "succeeded", "accepted"),
        ("pending", "succeeded", "accepted"),
        ("pending", "failed", "accepted"),
        ("pending", "expired", "accepted"),
        ("failed", "succeeded", "accepted"),
        ("expired", "succeeded", "accepted"),
        ("pending", "pending", "duplicate"),
        ("succeeded", "succeeded", "duplicate"),
        ("succeeded", "failed", "out_of_order"),
        ("succeeded", "pending", "out_of_order"),
        ("succeeded", "expired", "out_of_order"),
        ("failed", "pending", "out_of_order"),
        ("failed", "expired", "out_of_order"),
    ],
)
def test_states_only_go_forward_but_for_a_late_success(was: str, says: str, verdict: str) -> None:
    assert verdict_on(was, says) == verdict


def test_whatever_the_order_a_success_wins() -> None:
    for order in itertools.permutations(("pending", "failed", "succeeded")):
        charge = a_charge(status="created", version=0)
        for number, says in enumerate(order):
            charge = judge(charge, a_state(says), account=ACCOUNT, event_id=f"evt_{number}", now=NOW).charge
        assert charge.status == "succeeded"
        assert charge.failure_reason is None


@pytest.mark.parametrize(
    ("over", "verdict"),
    [
        ({"total": Money(50_001, "UGX")}, "amount_mismatch"),
        ({"total": Money(50_000, "USD")}, "amount_mismatch"),
        ({"account": "acct_2"}, "unknown_reference"),
        ({"reference": "other"}, "unknown_reference"),
        ({"provider_id": "pay_2"}, "unknown_reference"),
    ],
)
def test_a_true_message_about_something_else_pays_nothing(over: dict[str, object], verdict: str) -> None:
    assert verdict_on("pending", "succeeded", **over) == verdict


def test_the_same_event_again_is_a_duplicate_even_after_the_charge_moved_on() -> None:
    assert verdict_on("succeeded", "failed", event="evt_1") == "duplicate"


def test_the_first_callback_that_repeats_an_answer_is_accepted_and_changes_no_version() -> None:
    charge = a_charge(status="succeeded")
    judgement = judge(charge, a_state("succeeded"), account=ACCOUNT, event_id="evt_9", now=NOW)
    assert (judgement.verdict, judgement.charge.version) == ("accepted", charge.version)
    again = judge(judgement.charge, a_state("succeeded"), account=ACCOUNT, event_id="evt_10", now=NOW)
    assert again.verdict == "duplicate"


def test_creation_is_announced_with_the_first_word_and_versions_count_up() -> None:
    before = a_charge(status="created", version=0)
    after = judge(before, a_state("succeeded"), account=ACCOUNT, event_id=None, now=NOW).charge
    facts = facts_of(before, after, STORY)
    assert [(type_of(type(fact)), fact.version) for fact in facts] == [
        ("checkout.charge.created", 1),
        ("checkout.charge.succeeded", 2),
    ]
    assert isinstance(facts[1], ChargeSucceeded)
    assert not facts[1].late


@pytest.mark.parametrize(
    ("was", "session", "late"), [("pending", "paying", False), ("failed", "open", True), ("pending", "paid", True)]
)
def test_a_success_that_nobody_waited_for_is_late(was: str, session: str, *, late: bool) -> None:
    before = a_charge(status=was)
    after = judge(before, a_state("succeeded"), account=ACCOUNT, event_id=None, now=NOW).charge
    story = Story(STORY.link, STORY.customer, "en", session)  # pyright: ignore[reportArgumentType]
    (fact,) = facts_of(before, after, story)
    assert isinstance(fact, ChargeSucceeded)
    assert fact.late is late


def test_a_success_names_the_plan_that_the_buyer_saw_and_no_other_price() -> None:
    plan = PlanView(plan_id=new_id(), name="Gold", total=Money(50_000, "UGX"), interval="month")
    for pricing, told in ((plan, plan), (FixedView(plan.total), None)):
        before = a_charge(status="pending")
        after = judge(before, a_state("succeeded"), account=ACCOUNT, event_id=None, now=NOW).charge
        story = msgspec.structs.replace(STORY, link=msgspec.structs.replace(STORY.link, pricing=pricing))
        (fact,) = facts_of(before, after, story)
        assert isinstance(fact, ChargeSucceeded)
        assert fact.plan == told


@pytest.mark.parametrize("ends", ["succeeded", "failed", "expired"])
def test_how_a_pending_charge_ended_says_since_when_it_was_pending_and_whom_to_tell(ends: str) -> None:
    pending = a_charge(status="pending", version=2)
    (fact,) = facts_of(pending, msgspec.structs.replace(pending, status=ends, version=3), STORY)
    assert getattr(fact, "pending_since") == pending.updated_at  # noqa: B009 - of three types
    if not isinstance(fact, ChargeSucceeded):
        assert isinstance(fact, ChargeFailed | ChargeExpired)
        assert fact.buyer is not None
        assert (fact.buyer.link_slug, fact.buyer.merchant) == (STORY.link.slug, STORY.link.merchant)
    (at_once,) = facts_of(
        a_charge(status="failed", version=1), a_charge(status="succeeded", version=2, provider_id="p"), STORY
    )
    assert getattr(at_once, "pending_since") is None  # noqa: B009


def test_paid_is_where_every_story_may_end_and_none_goes_on() -> None:
    assert not [edge for edge in SESSION_EDGES if edge.source == "paid"]
    assert not [edge for edge in CHARGE_EDGES if edge.source == "succeeded" != edge.target]
    assert all(may_become(source, "succeeded") for source in ("created", "pending", "failed", "expired"))


def test_a_payer_is_hinted_at_by_four_digits() -> None:
    assert payer_hint(a_charge(payer_last4="4242", card_brand="visa")) == "visa ••••4242"
    assert payer_hint(a_charge(payer_last4="3456")) == "••••3456"
    assert payer_hint(a_charge()) is None


def test_a_receipt_number_names_the_day_and_the_charge() -> None:
    charge_id = UUID("01a1fd7e-2614-7144-b36f-9f90eedfc4fa")
    assert receipt_number(charge_id, NOW) == "R-20270115-SDXN7RH2"
