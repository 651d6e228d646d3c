"""Metadata in a jsonb column: any JSON object, its numbers digit by digit."""

from decimal import Decimal
from typing import Any, Final

import msgspec

_encode: Final = msgspec.json.Encoder(decimal_format="number").encode
_decode: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode


def written(metadata: dict[str, Any]) -> str:
    return _encode(metadata).decode()


def read(column: str) -> dict[str, Any]:
    return _decode(column)
