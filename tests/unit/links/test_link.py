from datetime import UTC, datetime, timedelta

import pytest

from services.links.domain.faults import LinkHasEnded
from services.links.domain.lifecycle import EDGES, Verb, move, standing
from services.links.domain.link import Link, Refusal, Uses, view_of
from services.links.domain.organization import Organization
from services.links.domain.pricing import (
    Cart,
    CartItem,
    Fixed,
    Flexible,
    OfPlan,
    OfProduct,
    Open,
    Pricing,
)
from services.links.domain.pricing import (
    view_of as priced,
)
from shared.kernel.ids import new_id
from shared.kernel.money import Money

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
UGX = Money(50_000, "UGX")


def link(**over: object) -> Link:
    fields: dict[str, object] = {
        "id": new_id(),
        "org_id": new_id(),
        "livemode": False,
        "slug": "invoice",
        "title": "Invoice",
        "pricing": Fixed(UGX),
        "methods": ("card",),
        "metadata": {},
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Link(**fields | over)  # pyright: ignore[reportArgumentType]


EXHAUSTED = Uses(max=1, used=1, exhausted_at=NOW - HOUR)


@pytest.mark.parametrize(
    ("over", "refusal", "state"),
    [
        ({}, None, "active"),
        ({"starts_at": NOW + HOUR}, Refusal("not_started", None), "scheduled"),
        ({"starts_at": NOW}, None, "active"),
        ({"expires_at": NOW}, Refusal("expired", NOW), "expired"),
        ({"expires_at": NOW + HOUR}, None, "active"),
        ({"paused_at": NOW}, Refusal("paused", NOW), "paused"),
        ({"paused_at": NOW, "starts_at": NOW + HOUR}, Refusal("paused", NOW), "paused"),
        ({"uses": EXHAUSTED}, Refusal("exhausted", NOW - HOUR), "exhausted"),
        ({"uses": Uses(max=1, held=1)}, None, "active"),
        ({"uses": EXHAUSTED, "expires_at": NOW}, Refusal("exhausted", NOW - HOUR), "exhausted"),
        ({"uses": EXHAUSTED, "expires_at": NOW - 2 * HOUR}, Refusal("expired", NOW - 2 * HOUR), "expired"),
        ({"uses": EXHAUSTED, "paused_at": NOW}, Refusal("exhausted", NOW - HOUR), "exhausted"),
        ({"ended_at": NOW, "ended_as": "revoked", "uses": EXHAUSTED}, Refusal("revoked", NOW), "revoked"),
    ],
)
def test_one_function_says_why_a_link_refuses(over: dict[str, object], refusal: Refusal | None, state: str) -> None:
    assert link(**over).refusal(NOW) == refusal
    assert link(**over).state(NOW) == state


def test_every_edge_leads_where_the_table_says() -> None:
    begins = {
        "active": link(),
        "paused": link(paused_at=NOW),
        "ended": link(ended_at=NOW, ended_as="archived"),
    }
    for edge in EDGES:
        moved, fact = move(begins[edge.begin], edge.verb, NOW)
        assert (standing(moved), fact) == (edge.end, edge.fact)
        assert moved.revision == (1 if edge.fact is None else 2)


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_what_has_ended_never_comes_back(verb: Verb) -> None:
    with pytest.raises(LinkHasEnded):
        move(link(ended_at=NOW, ended_as="deleted"), verb, NOW)


def test_remaining_leaves_out_what_is_paid_or_held_and_is_never_negative() -> None:
    assert Uses(max=5, used=2, held=1).remaining == 2
    assert Uses(max=1, used=2, held=1).remaining == 0
    assert Uses(used=2, held=1).remaining is None


def test_a_cap_at_what_is_used_exhausts_and_one_above_does_not() -> None:
    uses = Uses(max=5, used=2)
    assert uses.with_max(2, NOW).exhausted_at == NOW
    assert uses.with_max(2, NOW).with_max(3, NOW).exhausted_at is None
    assert uses.with_max(None, NOW).exhausted_at is None
    assert EXHAUSTED.with_max(1, NOW).exhausted_at == NOW - HOUR


@pytest.mark.parametrize(
    "pricing",
    [
        Fixed(UGX),
        Flexible("UGX", 1, 2),
        Open(None),
        OfProduct(new_id(), "Coffee", UGX, "d", "https://a.example.com/x.png"),
        OfPlan(new_id(), "Monthly", UGX, "month"),
        Cart(items=(CartItem(product_id=new_id(), name="Coffee", unit=UGX, quantity=2),), total=Money(100_000, "UGX")),
    ],
)
def test_every_pricing_has_a_view_with_the_same_content(pricing: Pricing) -> None:
    view = priced(pricing)
    for field in pricing.__struct_fields__:
        if field not in {"items", "digital_id"}:
            assert getattr(view, field) == getattr(pricing, field)


def test_the_view_shows_the_links_own_branding_before_the_merchants() -> None:
    organization = Organization(
        id=new_id(), name="Kampala Coffee", default_currency="UGX", currencies=("UGX",), color="#111111",
        created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    view = view_of(link(), organization)
    assert (view.merchant.name, view.merchant.color) == ("Kampala Coffee", "#111111")
