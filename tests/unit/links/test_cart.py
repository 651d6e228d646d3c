from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.links.domain.cart import cart_of
from services.links.domain.faults import PriceMissing, ProductArchived
from services.links.domain.product import Product, ProductDraft, check, prices_after
from services.links.domain.tax import TaxRate, taxed
from shared.kernel.faults import Invalid
from shared.kernel.ids import new_id
from shared.kernel.money import MINOR_MAX, Money, UnknownCurrency

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
CURRENCIES = ("RWF", "USD", "KWD")
ORG = new_id()


def rate(ppm: int) -> TaxRate:
    return TaxRate(id=new_id(), org_id=ORG, livemode=False, name="VAT", ppm=ppm, created_at=NOW, updated_at=NOW)


def product(*prices: Money, **over: object) -> Product:
    fields: dict[str, object] = {
        "id": new_id(),
        "org_id": ORG,
        "livemode": False,
        "digital_id": "prod_x",
        "name": "Coffee",
        "price": prices[0],
        "more_prices": prices[1:],
        "metadata": {},
        "created_at": NOW,
        "updated_at": NOW,
    }
    return Product(**fields | over)


VAT = rate(180_000)
lines = st.lists(
    st.tuples(st.integers(1, 10**8), st.integers(1, 1_000), st.sampled_from([None, VAT, rate(72_500)])),
    min_size=1,
    max_size=8,
)


@given(lines, st.sampled_from(CURRENCIES), st.sampled_from(["inclusive", "exclusive"]))
def test_the_total_is_the_sum_of_its_lines_with_their_taxes(wanted, currency, mode):
    rates = {one.id: one for _, _, one in wanted if one}
    sold = [
        (product(Money(minor, currency), tax_rate_id=one.id if one else None), quantity)
        for minor, quantity, one in wanted
    ]
    cart = cart_of(sold, currency, tax_mode=mode, rates=rates)
    parts = [taxed(minor * quantity, one.ppm if one else 0, mode) for minor, quantity, one in wanted]
    assert cart.total == Money(sum(part.gross_minor for part in parts), currency)
    assert cart.tax_minor == sum(item.tax_minor for item in cart.items) == sum(part.tax_minor for part in parts)
    assert [item.quantity for item in cart.items] == [quantity for _, quantity, _ in wanted]
    net = cart.total.minor - cart.tax_minor
    priced = sum(item.unit.minor * item.quantity for item in cart.items)
    assert priced == (cart.total.minor if mode == "inclusive" else net)


def test_a_cart_takes_down_what_is_sold_and_how_it_is_taxed():
    coffee = product(Money(1_999, "USD"), tax_rate_id=VAT.id, description="Beans", image_url="https://a.test/b.png")
    tea = product(Money(500, "USD"), name="Tea")
    cart = cart_of([(coffee, 2), (tea, 1)], "USD", tax_mode="exclusive", rates={VAT.id: VAT})
    first, second = cart.items
    assert (first.product_id, first.unit, first.quantity) == (coffee.id, Money(1_999, "USD"), 2)
    assert (first.tax_minor, first.tax_name) == (720, "VAT")
    assert (first.description, first.image_url) == ("Beans", "https://a.test/b.png")
    assert (second.tax_minor, second.tax_name) == (0, None)
    assert (cart.total, cart.tax_minor, cart.also) == (Money(5_218, "USD"), 720, ())


def test_the_same_cart_is_priced_in_every_currency_that_all_of_it_sells_in():
    coffee = product(Money(1_000, "USD"), Money(900, "EUR"), Money(1_300, "RWF"))
    tea = product(Money(450, "EUR"), Money(500, "USD"))
    cart = cart_of([(coffee, 1), (tea, 2)], "USD", tax_mode="exclusive")
    assert (cart.total, [other.total for other in cart.also]) == (Money(2_000, "USD"), [Money(1_800, "EUR")])
    with pytest.raises(PriceMissing):
        cart_of([(coffee, 1), (tea, 2)], "RWF", tax_mode="exclusive")


def test_an_archived_product_is_not_sold():
    with pytest.raises(ProductArchived):
        cart_of([(product(Money(1, "USD"), active=False), 1)], "USD", tax_mode="exclusive")


@pytest.mark.parametrize("quantities", [[], [0], [-1], [10_001], [1] * 101])
def test_a_cart_has_lines_and_quantities_within_bounds(quantities):
    with pytest.raises(Invalid):
        cart_of([(product(Money(1, "USD")), quantity) for quantity in quantities], "USD", tax_mode="exclusive")


def test_a_total_that_nobody_could_pay_is_refused_and_not_offered_in_another_currency():
    dear = product(Money(1, "USD"), Money(MINOR_MAX, "EUR"))
    assert cart_of([(dear, 2)], "USD", tax_mode="exclusive").also == ()
    with pytest.raises(Invalid):
        cart_of([(dear, 2)], "EUR", tax_mode="exclusive")


def test_a_product_has_its_price_in_each_of_its_currencies():
    sold = product(Money(1_000, "USD"), Money(900, "EUR"))
    assert (sold.price_in("USD"), sold.price_in("EUR")) == (Money(1_000, "USD"), Money(900, "EUR"))
    assert sold.price_in("RWF") is None
    assert sold.priced().total == Money(1_000, "USD")
    assert sold.priced(Money(5, "KWD")).total == Money(5, "KWD")


def test_a_main_price_that_is_named_alone_keeps_the_others():
    usd, eur = Money(1_000, "USD"), Money(900, "EUR")
    assert prices_after((usd, eur), ProductDraft(price=Money(2, "USD"))) == (Money(2, "USD"), eur)
    assert prices_after((usd, eur), ProductDraft(price=Money(2, "EUR"))) == (Money(2, "EUR"),)
    assert prices_after((usd, eur), ProductDraft(prices=(eur,))) == (eur,)
    assert prices_after((usd, eur), ProductDraft()) == (usd, eur)


@pytest.mark.parametrize(
    "draft",
    [
        ProductDraft(prices=()),
        ProductDraft(prices=(Money(1, "USD"), Money(2, "USD"))),
        ProductDraft(prices=(Money(0, "USD"),)),
        ProductDraft(prices=(Money(1, "USD"),), price=Money(1, "EUR")),
        ProductDraft(prices=tuple(Money(1, "USD") for _ in range(21))),
        ProductDraft(prices=(Money(1, "XXZ"),)),
    ],
)
def test_prices_that_cannot_be_are_refused(draft):
    with pytest.raises((Invalid, UnknownCurrency)):
        check(draft, test_mode=True)
