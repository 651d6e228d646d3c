"""The banks whose USSD codes a buyer can pay by. The codes of the banks are those of their central bank."""

from typing import Final

from msgspec import Struct

from shared.kernel.faults import Invalid


class Bank(Struct, frozen=True):
    code: str
    name: str


_NIGERIA: Final = (
    Bank("044", "Access Bank"),
    Bank("050", "Ecobank"),
    Bank("214", "FCMB"),
    Bank("070", "Fidelity Bank"),
    Bank("011", "First Bank"),
    Bank("058", "GTBank"),
    Bank("082", "Keystone Bank"),
    Bank("221", "Stanbic IBTC"),
    Bank("232", "Sterling Bank"),
    Bank("032", "Union Bank"),
    Bank("033", "UBA"),
    Bank("215", "Unity Bank"),
    Bank("035", "Wema Bank"),
    Bank("057", "Zenith Bank"),
)
_BY_CURRENCY: Final[dict[str, tuple[Bank, ...]]] = {"NGN": _NIGERIA}


def ussd_banks(currency: str) -> tuple[Bank, ...]:
    """By name; empty where the buyer does not choose one."""
    return _BY_CURRENCY.get(currency, ())


def require_bank(bank: str | None, *, currency: str) -> None:
    """Raises: Invalid: not one of the currency's banks; or any bank at all, where there is no list of them."""
    codes = [known.code for known in ussd_banks(currency)]
    if codes and bank not in codes:
        raise Invalid("bank", f"name the code of one of these banks: {', '.join(codes)}")
    if bank is not None and not codes:
        raise Invalid("bank", f"no bank is chosen for {currency}")
