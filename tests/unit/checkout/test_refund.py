"""What is believed of a refund, what may still go back, and what the ledger says of each movement."""

from collections import Counter
from typing import Any

import msgspec
import pytest

from services.checkout.domain import ledger
from services.checkout.domain.charge import judge
from services.checkout.domain.ledger import Posting
from services.checkout.domain.lifecycle import DISPUTE_EDGES, REFUND_EDGES
from services.checkout.domain.refund import Captured, Dispute, Refund, RefundState, ask_again_at, judge_refund
from services.checkout.providers.sandbox.wire import signal_of
from shared.kernel.ids import new_id
from shared.kernel.money import Money
from tests.unit.checkout.build import ACCOUNT, NOW, TOTAL, a_charge, a_state

PART = Money(20_000, "UGX")


def a_refund(**over: Any) -> Refund:
    fields: dict[str, Any] = {
        name: new_id() for name in ("id", "org_id", "link_id", "session_id", "charge_id", "account_id")
    }
    fields |= {"livemode": False, "provider": "sandbox", "reference": "ref", "amount": PART, "status": "created"}
    fields |= {"asked_by": "key:k", "absent_after": NOW, "created_at": NOW, "updated_at": NOW}
    return Refund(**fields | over)


def said(status: Any, **over: Any) -> RefundState:
    return RefundState(**{"provider_id": "re_1", "reference": "ref", "status": status, "amount": PART} | over)


@pytest.mark.parametrize(
    ("was", "says", "verdict"),
    [
        ("created", "pending", "accepted"),
        ("created", "succeeded", "accepted"),
        ("created", "failed", "accepted"),
        ("pending", "succeeded", "accepted"),
        ("pending", "failed", "accepted"),
        ("pending", "pending", "duplicate"),
        ("succeeded", "succeeded", "duplicate"),
        ("succeeded", "failed", "accepted"),
        ("succeeded", "pending", "out_of_order"),
        ("failed", "succeeded", "out_of_order"),
        ("failed", "pending", "out_of_order"),
    ],
)
def test_refunds_only_go_forward(was: str, says: str, verdict: str) -> None:
    refund = a_refund(status=was)
    judged, after = judge_refund(refund, said(says), now=NOW)
    assert judged == verdict
    assert after.status == (says if verdict == "accepted" else was)
    assert (after is refund) == (verdict != "accepted")


@pytest.mark.parametrize(
    ("over", "verdict"),
    [
        ({"amount": Money(20_001, "UGX")}, "amount_mismatch"),
        ({"amount": Money(20_000, "USD")}, "amount_mismatch"),
        ({"reference": "other"}, "unknown_reference"),
        ({"provider_id": "re_2"}, "unknown_reference"),
    ],
)
def test_a_true_word_about_something_else_gives_nothing_back(over: dict[str, Any], verdict: str) -> None:
    refund = a_refund(status="pending", provider_id="re_1")
    assert judge_refund(refund, said("succeeded", **over), now=NOW) == (verdict, refund)


def test_a_provider_that_repeats_only_its_own_id_is_believed() -> None:
    refund = a_refund(status="pending", provider_id="re_1")
    assert judge_refund(refund, said("succeeded", reference=None), now=NOW)[0] == "accepted"


def test_what_is_promised_or_disputed_cannot_go_back_as_well() -> None:
    charge = a_charge(status="succeeded")
    fields = {name: getattr(charge, name) for name in Captured.__struct_fields__ if hasattr(charge, name)}
    none = {"refunded_minor": 0, "refunding_minor": 0, "disputed_minor": 0, "review": None, "review_reason": None}
    captured = Captured(**fields | none)
    assert captured.refundable_minor == 50_000
    gone = msgspec.structs.replace(captured, refunded_minor=10_000, refunding_minor=5_000, disputed_minor=20_000)
    assert gone.refundable_minor == 15_000
    assert msgspec.structs.replace(gone, disputed_minor=50_000).refundable_minor == 0
    assert msgspec.structs.replace(captured, status="pending").refundable_minor == 0


def balances(postings: list[Posting]) -> dict[str, int]:
    for posting in postings:
        assert sum(line.amount_minor for line in posting.lines) == 0
    sums: Counter[str] = Counter()
    for posting in postings:
        for line in posting.lines:
            sums[line.account] += line.amount_minor
    return dict(sums)


def test_a_capture_and_its_fee_are_posted_once() -> None:
    before = a_charge()
    after = judge(before, a_state("succeeded", fee=Money(900, "UGX")), account=ACCOUNT, event_id=None, now=NOW).charge
    moved = ledger.of_change(before, after)
    assert balances(moved) == {"provider": 49_100, "merchant": -50_000, "fees": 900}
    owners = {line.account: line.owner_id for posting in moved for line in posting.lines}
    assert owners == {"provider": before.account_id, "merchant": before.org_id, "fees": before.org_id}
    assert ledger.of_change(after, after) == []
    failed = judge(before, a_state("failed"), account=ACCOUNT, event_id=None, now=NOW).charge
    assert ledger.of_change(before, failed) == []


def test_a_refund_takes_from_the_provider() -> None:
    pending, given = a_refund(status="pending"), a_refund(status="succeeded")
    assert balances(ledger.of_refund(pending, given)) == {"refunds": 20_000, "provider": -20_000}


def test_a_refund_that_comes_back_is_put_back_and_one_that_never_went_through_moves_nothing() -> None:
    pending, given, failed = (a_refund(status=status) for status in ("pending", "succeeded", "failed"))
    assert balances(ledger.of_refund(given, failed)) == {"refunds": -20_000, "provider": 20_000}
    for before, after in ((pending, failed), (given, given), (failed, failed), (pending, pending)):
        assert ledger.of_refund(before, after) == []


def test_a_fee_is_of_the_charges_own_money() -> None:
    charge = a_charge(status="succeeded")
    assert balances(ledger.of_fee(charge, Money(900, "UGX"))) == {"fees": 900, "provider": -900}
    assert ledger.of_fee(charge, Money(0, "UGX")) == []
    assert ledger.of_fee(charge, Money(900, "USD")) == []


@pytest.mark.parametrize(
    ("status", "balance"),
    [
        ("open", {"disputes": 50_000, "provider": -50_000}),
        ("won", {"disputes": 0, "provider": 0}),
        ("lost", {"disputes": 0, "provider": -50_000, "chargebacks": 50_000}),
    ],
)
def test_a_dispute_ends_where_the_bank_says(status: Any, balance: dict[str, int]) -> None:
    refund = a_refund()
    fields = {name: getattr(refund, name) for name in Dispute.__struct_fields__ if hasattr(refund, name)}
    over = {"external_id": "dp_1", "amount": TOTAL, "reason": "fraudulent", "opened_at": NOW}
    opened = Dispute(**fields | over | {"status": "open"})
    closed = msgspec.structs.replace(opened, status=status)
    assert balances(ledger.of_dispute(None, closed)) == balance
    if status != "open":
        assert balances([*ledger.of_dispute(None, opened), *ledger.of_dispute(opened, closed)]) == balance


def test_nothing_leads_on_from_where_money_has_gone() -> None:
    assert not [edge for edge in REFUND_EDGES if edge.source == "failed"]
    assert [edge.target for edge in REFUND_EDGES if edge.source == "succeeded"] == ["failed"]
    assert not [edge for edge in DISPUTE_EDGES if edge.source in {"won", "lost"}]


def test_a_provider_is_asked_again_ever_more_rarely() -> None:
    waits = [(ask_again_at(a_refund(attempts=number), NOW) - NOW).total_seconds() for number in (1, 2, 7, 50)]
    assert waits == [2, 5, 3600, 3600]


@pytest.mark.parametrize(
    "change",
    [
        {"type": "refund.failed"},
        {"type": "refund.pending"},
        {"type": "dispute.open"},
        {"account": "acct_2"},
        {"data": {}},
        {"id": ""},
    ],
)
def test_a_callback_about_a_refund_that_contradicts_itself_is_none(change: dict[str, Any]) -> None:
    refund = {"id": "re_1", "account": "acct_1", "payment": "pay_1", "reference": "ref", "amount": 1, "currency": "UGX"}
    body = {"id": "evt_1", "type": "refund.succeeded", "account": "acct_1", "data": refund | {"status": "succeeded"}}
    assert signal_of(msgspec.json.encode(body)) is not None
    assert signal_of(msgspec.json.encode(body | change)) is None
