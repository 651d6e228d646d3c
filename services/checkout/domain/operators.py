"""Which mobile-money operator a phone number probably belongs to. A hint: it never decides and never blocks."""

from typing import Final, Literal

from msgspec import Struct

Confidence = Literal["high", "low"]


class Country(Struct, frozen=True):
    """`trunk` is the 0 that people dial at home; in CI the 0 is part of the number. Length and example without it."""

    code: str
    dial: str
    digits: int
    trunk: str
    example: str
    portable: bool
    operators: dict[str, str]


class OperatorHint(Struct, frozen=True):
    """`confidence` is low where people may keep their number when they change operator."""

    operator: str
    country: str
    confidence: Confidence


# National prefixes without the trunk 0, from the numbering plans as in `phonenumbers` 9.0; the longest prefix wins.
COUNTRIES: Final[dict[str, Country]] = {
    country.code: country
    for country in (
        Country(
            code="UG", dial="256", digits=9, trunk="0", example="772 123 456", portable=False,
            operators={"MTN": "76 77 78 79", "Airtel": "70 74 75", "UTL": "71", "Lyca": "721 726 727"},
        ),
        Country(
            code="RW", dial="250", digits=9, trunk="0", example="788 123 456", portable=False,
            operators={"MTN": "78 79", "Airtel": "72 73"},
        ),
        Country(
            code="NG", dial="234", digits=10, trunk="0", example="803 123 4567", portable=True,
            operators={
                "MTN": "7025 7026 703 704 706 707 803 806 810 813 814 816 903 906 910 913 916",
                "Airtel": "701 708 802 808 812 901 902 904 907 911 912",
                "Glo": "705 805 807 811 815 905 915",
                "9mobile": "809 817 818 908 909",
            },
        ),
        Country(
            code="SN", dial="221", digits=9, trunk="", example="77 123 45 67", portable=False,
            operators={"Orange": "71 77 78", "Yas": "76", "Expresso": "70", "Promobile": "75"},
        ),
        Country(
            code="CI", dial="225", digits=10, trunk="", example="07 01 23 45 67", portable=False,
            operators={"Orange": "07", "MTN": "05", "Moov": "01"},
        ),
        Country(
            code="GH", dial="233", digits=9, trunk="0", example="24 123 4567", portable=True,
            operators={"MTN": "24 25 53 54 55 59", "Telecel": "20 50", "AT": "23 26 27 56 57"},
        ),
        Country(
            code="KE", dial="254", digits=9, trunk="0", example="712 345 678", portable=True,
            operators={
                "Safaricom": "11 14 18 70 71 72 74 757 758 759 768 769 79",
                "Airtel": "10 135 136 137 138 139 73 75 76 78",
                "Telkom": "120 761 77",
            },
        ),
    )
}  # fmt: skip

_BY_CURRENCY: Final[dict[str, tuple[str, ...]]] = {
    "UGX": ("UG",), "RWF": ("RW",), "NGN": ("NG",), "XOF": ("SN", "CI"), "GHS": ("GH",), "KES": ("KE",),
}  # fmt: skip
_BY_PREFIX: Final[dict[str, tuple[str, Country]]] = {
    country.dial + prefix: (operator, country)
    for country in COUNTRIES.values()
    for operator, prefixes in country.operators.items()
    for prefix in prefixes.split()
}
_PREFIX_CHARS: Final = range(max(map(len, _BY_PREFIX)), min(map(len, _BY_PREFIX)) - 1, -1)
_E164_DIGITS: Final = range(8, 16)
_TEXT_CHARS_MAX: Final = 40


def countries_for(currency: str) -> tuple[str, ...]:
    """Countries whose mobile money speaks `currency`, the likeliest first; empty where none is known."""
    return _BY_CURRENCY.get(currency, ())


def operator_hint(phone: str, *, country: str | None = None) -> OperatorHint | None:
    """The likely operator of a number as it is being typed; None where there is no telling."""
    number = _international(phone, country)
    for chars in _PREFIX_CHARS:
        if match := _BY_PREFIX.get(number[:chars]) if len(number) >= chars else None:
            operator, home = match
            return OperatorHint(operator=operator, country=home.code, confidence="low" if home.portable else "high")
    return None


def normalize_phone(phone: str, *, country: str | None = None) -> str | None:
    """E.164 (`+256772123456`) of a number written at home or abroad; None where it cannot be one.

    `country` reads a number without a country code. Unknown countries pass on their length alone.
    """
    if len(phone) > _TEXT_CHARS_MAX or any(c not in "+0123456789 \u00a0\u202f\t-.()/" for c in phone.strip()):
        return None
    number = _international(phone, country)
    home = next((c for c in COUNTRIES.values() if number.startswith(c.dial)), None)
    if home:
        return f"+{number}" if len(number) == len(home.dial) + home.digits else None
    return f"+{number}" if len(number) in _E164_DIGITS else None


def format_phone(phone: str) -> str:
    """`+256772123456` as `+256 772 123 456`, with spaces that do not break; what is not E.164 stays as it is."""
    home = next((c for c in COUNTRIES.values() if phone.startswith(f"+{c.dial}")), None)
    if home is None:
        return phone
    rest = phone[len(home.dial) + 1 :]
    groups = [rest[n : n + 3] for n in range(0, len(rest), 3)]
    if len(groups) > 1 and len(groups[-1]) == 1:
        groups[-2:] = [groups[-2] + groups[-1]]
    return "\u00a0".join((f"+{home.dial}", *groups))


def _international(phone: str, country: str | None) -> str:
    """Digits with the country code and without `+`, or empty."""
    text = phone.strip()
    digits = "".join(c for c in text if c in "0123456789")
    home = COUNTRIES.get(country or "")
    if text.startswith("+"):
        number = digits
    elif digits.startswith("00"):
        number = digits[2:]
    elif home is None:
        return ""
    elif digits.startswith(home.dial) and len(digits) >= len(home.dial) + home.digits:
        number = digits
    else:
        number = home.dial + digits.removeprefix(home.trunk)
    # "+256 (0)772 123456" is how many people write it.
    abroad = next((c for c in COUNTRIES.values() if number.startswith(c.dial)), None)
    if abroad and abroad.trunk and number.startswith(abroad.dial + abroad.trunk):
        return abroad.dial + number[len(abroad.dial) + 1 :]
    return number
