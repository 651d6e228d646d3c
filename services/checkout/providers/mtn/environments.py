"""Where a merchant's MTN is: the value of `X-Target-Environment` decides the currency."""

from typing import Final

CURRENCIES: Final[dict[str, str]] = {
    "sandbox": "EUR",
    "mtnbenin": "XOF",
    "mtncameroon": "XAF",
    "mtncongo": "XAF",
    "mtnghana": "GHS",
    "mtnguineaconakry": "GNF",
    "mtnivorycoast": "XOF",
    "mtnliberia": "LRD",
    "mtnrwanda": "RWF",
    "mtnsouthafrica": "ZAR",
    "mtnswaziland": "SZL",
    "mtnuganda": "UGX",
    "mtnzambia": "ZMW",
}
EXPONENTS: Final[dict[str, int]] = {
    "EUR": 2,
    "GHS": 2,
    "GNF": 0,
    "LRD": 2,
    "RWF": 0,
    "SZL": 2,
    "UGX": 0,
    "XAF": 0,
    "XOF": 0,
    "ZAR": 2,
    "ZMW": 2,
}
"""Decimals of an amount, which is a text in major units: `50000` UGX, `19.99` EUR."""
