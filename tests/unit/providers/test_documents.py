"""What the providers' pages promise is what the adapters and simulators do."""

import re
from pathlib import Path

import pytest

from deploy.simulators.flutterwave import cards
from deploy.simulators.ledger.records import LedgerFaults
from deploy.simulators.mtn import magic
from services.checkout.providers.flutterwave.adapter import Flutterwave
from services.checkout.providers.mtn.adapter import Mtn
from services.checkout.providers.mtn.environments import CURRENCIES, EXPONENTS
from services.checkout.providers.port import Provider
from shared.kernel.money import exponent

ROOT = Path(__file__).parents[3]
SIMULATORS = (ROOT / "docs" / "simulators.md").read_text()


@pytest.mark.parametrize("provider", [Flutterwave("http://127.0.0.1:1"), Mtn("http://127.0.0.1:1")])
def test_the_page_of_a_provider_names_what_to_copy_and_what_it_takes(provider: Provider) -> None:
    page = (ROOT / "docs" / "providers" / f"{provider.name}.md").read_text()
    for credential in provider.credentials:
        assert f"| `{credential.name}` |" in page
        re.compile(credential.pattern)
    for method, currencies in provider.takes.items():
        assert f"`{method}`" in page
        assert all(currency in page for currency in currencies or ())


def test_every_environment_of_mtn_has_a_currency_whose_decimals_are_known() -> None:
    page = (ROOT / "docs" / "providers" / "mtn.md").read_text()
    assert set(CURRENCIES.values()) == set(EXPONENTS)
    for environment, currency in CURRENCIES.items():
        assert EXPONENTS[currency] == exponent(currency)
        assert re.search(rf"`{environment}`.*\| {currency} \|", page)


def test_the_simulators_page_names_every_magic_number_and_every_fault() -> None:
    for number in (*magic.REASONS, magic.STAYS_PENDING, magic.DELAYED, *cards.OUTCOMES):
        assert f"| {number}" in SIMULATORS
    for fault in LedgerFaults.__struct_fields__:
        if fault != "hang_ms":
            assert f"| `{fault}` |" in SIMULATORS
