"""What a buyer pays by."""

from typing import Literal

from msgspec import Struct

from shared.contracts.links import Method


class ByPhone(Struct, frozen=True):
    """Mobile money. `phone` as the buyer wrote it; without a country code it is of the currency's country."""

    phone: str


class ByCardToken(Struct, frozen=True):
    """A card that the provider's own field has taken."""

    card_token: str


class ByRedirect(Struct, frozen=True):
    """The provider's own page asks for what it needs."""

    method: Literal["card"] = "card"


class ByUssd(Struct, frozen=True):
    """A code of the buyer's bank, which they dial. `bank` is its code, where the currency has a list of banks."""

    bank: str | None = None


class ByBankTransfer(Struct, frozen=True):
    """To an account that the provider opens for this payment."""


Means = ByPhone | ByCardToken | ByRedirect | ByUssd | ByBankTransfer


def method_of(means: Means) -> Method:
    match means:
        case ByPhone():
            return "mobile_money"
        case ByCardToken() | ByRedirect():
            return "card"
        case ByUssd():
            return "ussd"
        case ByBankTransfer():
            return "bank_transfer"
