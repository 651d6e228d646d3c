"""Reading request bodies: typed, bounded, and refused with the path of the field that is wrong."""

import json
import re
from typing import Any, Final, TypeVar, cast

import msgspec

from shared.kernel.faults import Invalid
from shared.kernel.text import has_control_characters

BODY_BYTES_MAX: Final = 64 * 1024

_T = TypeVar("_T")
_AT: Final = re.compile(r"^(?P<rule>.*?)(?: - at (?:`key` in )?`(?P<path>[^`]*)`)?$", re.DOTALL)
_HAS_CONTROL_ESCAPE: Final = re.compile(rb"\\u00(?:0[0-8bcBCeEfF]|1[0-9a-fA-F]|7[fF])|\\u[dD][89a-fA-F]")


def decode(raw: bytes, decoder: "msgspec.json.Decoder[_T]") -> _T:
    """The body as `decoder`'s type.

    Raises:
        Invalid: not JSON, not of that type, a name stands twice, or text with control characters.
    """
    if len(raw) > BODY_BYTES_MAX:
        raise Invalid("", f"body is larger than {BODY_BYTES_MAX} bytes")
    try:
        value = decoder.decode(raw)
        if _HAS_CONTROL_ESCAPE.search(raw) and (field := _control_at("", json.loads(raw))) is not None:
            raise Invalid(field, "text must not hold control characters")
        _NAMES.decode(raw.decode())
    except msgspec.ValidationError as error:
        raise invalid_from(error) from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise Invalid("", "body is not valid JSON") from None
    return value


def invalid_from(error: msgspec.ValidationError) -> Invalid:
    """`Expected int, got str - at $.pricing.amount_minor` as a fault with field `pricing.amount_minor`."""
    match = _AT.match(str(error))
    path, rule = (match["path"] or "", match["rule"]) if match else ("", str(error))
    return Invalid(path.removeprefix("$").removeprefix("."), rule.replace("`", "'"))


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) != len(pairs):
        raise Invalid("", "a name stands twice in one object")
    return named


_NAMES: Final = json.JSONDecoder(object_pairs_hook=_no_name_twice)


def _control_at(path: str, value: Any) -> str | None:
    """Where the first text with a control character is; of a name with one, the object that it is in."""
    if isinstance(value, str):
        return path if has_control_characters(value) else None
    parts: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        for name, part in cast("dict[str, Any]", value).items():
            parts += [(path, name), (f"{path}.{name}" if path else name, part)]
    elif isinstance(value, list):
        parts = [(f"{path}[{n}]", part) for n, part in enumerate(cast("list[Any]", value))]
    return next((found for where, part in parts if (found := _control_at(where, part)) is not None), None)
