"""The pure parts of routing: order and reasons, circuit breakers, comparing with providers, what is waited for."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from msgspec.structs import replace

from services.checkout.domain import routing
from services.checkout.domain.breaker import FAILURES_MAX, OPEN_SECONDS, PROBE_SECONDS, Breaker
from services.checkout.domain.charge import Dial, PaymentState, Prompt, Redirect, Transfer, pending_reason
from services.checkout.domain.reconciliation import Ours, bounds_of, differences, theirs_of
from services.checkout.domain.routing import Offer, Wish
from services.checkout.use_cases.vault import Vault
from shared.kernel.faults import Unavailable
from shared.kernel.ids import new_id
from shared.kernel.money import Money
from tests.unit.checkout.build import NOW
from tests.unit.checkout.test_charge import a_charge

UGX = frozenset({"UGX"})
SANDBOX = Offer(account_id=None, provider="sandbox", takes={"mobile_money": None, "card": None}, stands_in=True)
WISH = Wish(method="mobile_money", currency="UGX")


def offer(**over: Any) -> Offer:
    return Offer(**({"account_id": new_id(), "provider": "echo", "takes": {"mobile_money": UGX}} | over))


def test_of_the_same_priority_the_account_of_the_numbers_operator_goes_first() -> None:
    plain, mtn = offer(), offer(operators=("MTN",))
    route = routing.route([plain, mtn], replace(WISH, phone="+256772123456"), available=lambda _: True)
    assert route.candidates == (mtn, plain)


def test_where_people_keep_their_number_the_prefix_keeps_nobody_out() -> None:
    mtn = offer(operators=("MTN",), takes={"mobile_money": None})
    wish = Wish(method="mobile_money", currency="NGN", phone="+2347011234567")  # an Airtel prefix, maybe ported
    assert routing.route([mtn], wish, available=lambda _: True).candidates == (mtn,)


def test_the_sandbox_does_not_step_in_for_a_provider_that_is_down() -> None:
    down = offer()
    route = routing.route([down, SANDBOX], WISH, available=lambda _: False)
    assert (route.candidates, route.only_unavailable) == ((), True)


def test_a_card_token_goes_only_to_whose_field_took_the_card() -> None:
    cards = offer(takes={"card": None})
    wish = Wish(method="card", currency="UGX", card_token=True)
    route = routing.route([cards, replace(SANDBOX, card_tokens=True)], wish, available=lambda _: True)
    assert [one.provider for one in route.candidates] == ["sandbox"]
    assert route.left_out[0].reason == "takes_no_card_token"


@pytest.mark.parametrize(
    ("currencies", "methods"),
    [(("UGX",), ("card", "mobile_money")), (("USD",), ("card",)), ((), ("card", "mobile_money"))],
)
def test_methods_are_those_that_somebody_takes_in_the_currency(
    currencies: tuple[str, ...], methods: tuple[str, ...]
) -> None:
    offers = [offer(takes={"mobile_money": UGX, "card": None})]
    asked = ("card", "ussd", "mobile_money")
    assert routing.methods_taken(offers, asked, currencies=currencies, providers=()) == methods
    assert routing.methods_taken(offers, asked, currencies=currencies, providers=("other",)) == ()


def test_a_breaker_opens_after_failures_in_a_row_and_lets_one_probe_through() -> None:
    breaker = Breaker()
    for _ in range(FAILURES_MAX - 1):
        breaker.failed(0)
    breaker.answered()
    for _ in range(FAILURES_MAX):
        assert breaker.lets_through(0)
        breaker.failed(0)
    assert (breaker.state(1), breaker.lets_through(1)) == ("open", False)
    assert breaker.lets_through(OPEN_SECONDS)
    breaker.begins(OPEN_SECONDS)
    assert (breaker.state(OPEN_SECONDS), breaker.lets_through(OPEN_SECONDS)) == ("half_open", False)
    assert breaker.lets_through(OPEN_SECONDS + PROBE_SECONDS), "a probe whose end nobody told"
    breaker.failed(OPEN_SECONDS)
    assert breaker.state(OPEN_SECONDS + 1) == "open"
    breaker.answered()
    assert breaker.state(OPEN_SECONDS + 2) == "closed"


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        ("succeeded", "succeeded", None),
        ("refunded", "succeeded", None),
        ("failed", "expired", None),
        ("failed", None, None),
        ("created", None, None),
        ("pending", None, "missing"),
        ("succeeded", None, "missing"),
        ("succeeded", "pending", "status"),
        ("failed", "succeeded", "status"),
        ("pending", "succeeded", "status"),
        ("created", "pending", "status"),
    ],
)
def test_a_charge_differs_where_the_provider_says_something_else(ours: str, theirs: Any, kind: str | None) -> None:
    total = Money(50_000, "UGX")
    state = theirs and PaymentState(provider_id="p", account="a", reference="r", status=theirs, total=total)
    found = differences(Ours(id=new_id(), reference="r", status=ours, total=total), state and theirs_of(state))
    assert [one.kind for one in found] == ([kind] if kind else [])


def test_all_that_differs_of_one_charge_is_told() -> None:
    state = PaymentState(provider_id="p", account="a", reference="other", status="pending", total=Money(1, "UGX"))
    found = differences(Ours(id=new_id(), reference="r", status="succeeded", total=Money(2, "UGX")), theirs_of(state))
    assert [(one.kind, one.ours, one.theirs) for one in found] == [
        ("reference", "r", "other"),
        ("amount", "2 UGX", "1 UGX"),
        ("status", "succeeded", "pending"),
    ]


@pytest.mark.parametrize(
    ("kept", "told", "words"),
    [
        (Money(145, "UGX"), Money(145, "UGX"), None),
        (None, Money(0, "UGX"), None),
        (Money(145, "UGX"), None, None),
        (None, Money(145, "UGX"), ("0 UGX", "145 UGX")),
        (Money(145, "UGX"), Money(4, "USD"), ("145 UGX", "4 USD")),
    ],
)
def test_a_fee_differs_only_where_the_provider_names_another(
    kept: Money | None, told: Money | None, words: tuple[str, str] | None
) -> None:
    total = Money(5_000, "UGX")
    state = PaymentState(provider_id="p", account="a", reference="r", status="succeeded", total=total, fee=told)
    ours = Ours(id=new_id(), reference="r", status="succeeded", total=total, fee=kept)
    found = [(one.ours, one.theirs) for one in differences(ours, theirs_of(state))]
    assert found == ([words] if words else [])


def test_the_ids_of_a_day_lie_between_its_bounds() -> None:
    today = datetime.now(UTC).date()
    low, high = bounds_of(today)
    assert low < new_id() < high
    assert bounds_of(today + timedelta(days=1))[0] == high
    assert bounds_of(date(1970, 1, 1))[0] == UUID(int=0)


@pytest.mark.parametrize(
    ("action", "reason"),
    [
        (Prompt("+256772123456", NOW), "approval_on_phone"),
        (Redirect("https://pay.example"), "provider_page"),
        (Dial("*1#"), "ussd_code"),
        (Transfer(bank="B", account_number="1", amount=Money(1, "NGN")), "bank_transfer"),
        (None, "provider_processing"),
    ],
)
def test_a_charge_under_way_says_what_it_waits_for(action: Any, reason: str) -> None:
    charge = replace(a_charge(), status="pending", next_action=action)
    assert pending_reason(charge) == reason
    assert pending_reason(replace(charge, status="succeeded")) is None
    assert pending_reason(replace(charge, status="created", next_action=None)) == "provider_answer"


def test_credentials_are_opened_with_a_key_that_was_replaced_and_sealed_with_the_new_one() -> None:
    old, new = Vault([b"o" * 32]), Vault([b"n" * 32, b"o" * 32])
    sealed = old.seal({"api_key": "sk"})
    assert new.key_id != old.key_id
    assert new.open(sealed) == {"api_key": "sk"}
    fresh = Vault([b"n" * 32])
    assert fresh.open(new.reseal(sealed)) == {"api_key": "sk"}
    with pytest.raises(Unavailable):
        fresh.open(sealed)
