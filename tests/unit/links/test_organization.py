from datetime import UTC, datetime

import pytest

from services.links.domain.addresses import origin_of
from services.links.domain.faults import TotalOutOfBounds
from services.links.domain.organization import Bounds, Organization, OrganizationDraft, check
from shared.kernel.faults import Invalid
from shared.kernel.ids import new_id
from shared.kernel.money import Money

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def organization(**over: object) -> Organization:
    fields: dict[str, object] = {"id": new_id(), "name": "K", "default_currency": "USD", "currencies": ("USD",)}
    return Organization(**fields | {"created_at": NOW, "updated_at": NOW} | over)


def test_totals_stay_within_the_bounds_of_their_currency():
    bounded = organization(payment_bounds={"USD": Bounds(100, 5_000), "RWF": Bounds(min_minor=1_000)})
    for total in (Money(100, "USD"), Money(5_000, "USD"), Money(10**9, "RWF"), Money(1, "UGX")):
        bounded.check_total(total)
    for total in (Money(99, "USD"), Money(5_001, "USD"), Money(999, "RWF")):
        with pytest.raises(TotalOutOfBounds):
            bounded.check_total(total)


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://shop.example.com/thanks?a=1", True),
        ("https://SHOP.example.com:443/x", True),
        ("https://shop.example.com.evil.test/", False),
        ("https://shop.example.com@evil.test/", False),
        ("https://evil.test/https://shop.example.com", False),
        ("http://shop.example.com/", False),
        ("https://shop.example.com:8443/", False),
        ("https://shop.example.com\\@evil.test/", False),
        ("//shop.example.com/", False),
        ("javascript:alert(1)", False),
        ("https://[::1", False),
    ],
)
def test_a_buyer_is_sent_on_only_to_origins_that_the_organization_trusts(url, trusted):
    assert organization(redirect_origins=("https://shop.example.com",)).may_redirect_to(url) is trusted


def test_nobody_is_sent_anywhere_by_default():
    assert not organization().may_redirect_to("https://shop.example.com/")


def test_an_origin_is_written_as_browsers_write_it():
    assert origin_of("https://a.example:443/b?c#d") == "https://a.example"
    assert origin_of("http://[::1]:8080/") == "http://[::1]:8080"
    assert origin_of("mailto:a@b.example") is None


@pytest.mark.parametrize(
    "origin", ["https://a.example/", "https://A.example", "https://a.example:443", "https://a.example/x", "a.example"]
)
def test_an_origin_that_no_browser_would_write_is_refused(origin):
    with pytest.raises(Invalid):
        check(OrganizationDraft(redirect_origins=(origin,)), test_mode=True)
    with pytest.raises(Invalid):
        check(OrganizationDraft(checkout_url=origin), test_mode=True)
