"""Reading request bodies: typed, bounded, and refused with the path of the field that is wrong."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, TypeVar, cast

import msgspec

from shared.kernel.faults import Invalid
from shared.kernel.text import has_control_characters

BODY_BYTES_MAX: Final = 64 * 1024
FIELD_CHARS_MAX: Final = 200
"""A name that we do not know is the caller's own text, and is sent back to say which one it is."""
RULE_CHARS_MAX: Final = 200

_T = TypeVar("_T")
_AT: Final = re.compile(r"(?P<rule>.*?)(?: - at (?:`key` in )?`(?P<path>[^`]*)`)?", re.DOTALL)
_NAMED: Final = re.compile(
    r"Object (?P<rule>missing required|contains unknown) field `(?P<name>.*?)`(?: - at `(?P<path>\$[^`]*)`)?", re.DOTALL
)
_NAMED_RULES: Final = {"missing required": "is required", "contains unknown": "cannot be given here"}
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
        _refuse_what_types_allow(raw)
    except msgspec.ValidationError as error:
        raise invalid_from(error) from None
    except (msgspec.DecodeError, ValueError, RecursionError):
        raise Invalid("", "body is not valid JSON") from None
    return value


def invalid_from(error: msgspec.ValidationError) -> Invalid:
    """`Expected int, got str - at $.pricing.amount_minor` as a fault with field `pricing.amount_minor`.

    A field that is missing, or is none of ours, is named as the field that is wrong.
    """
    said = str(error)
    if named := _NAMED.fullmatch(said):
        return Invalid(_below(_dotted(named["path"]), named["name"]), _NAMED_RULES[named["rule"]])
    match = _AT.fullmatch(said)
    path, rule = (_dotted(match["path"]), match["rule"]) if match else ("", said)
    return Invalid(path, rule.replace("`", "'")[:RULE_CHARS_MAX])


def _dotted(path: str | None) -> str:
    return (path or "").removeprefix("$").removeprefix(".")


def _refuse_what_types_allow(raw: bytes) -> None:
    if _HAS_CONTROL_ESCAPE.search(raw):
        for path, text in _texts(json.loads(raw)):
            if has_control_characters(text):
                raise Invalid(path, "text must not hold control characters")
    text = raw.decode()
    try:
        _NAMES.decode(text)
    except _NameTwiceError:
        # Said once more, slower: whoever decodes an object does not know where it stands.
        raise Invalid(_twice_in(_MARKS.decode(text)), "a name stands twice in one object") from None


class _NameTwiceError(Exception):
    pass


class _Twice(str):
    """In the place of an object: the name that stands twice in it."""

    __slots__ = ()


def _no_name_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    named = dict(pairs)
    if len(named) != len(pairs):
        raise _NameTwiceError
    return named


def _marked(pairs: list[tuple[str, Any]]) -> "dict[str, Any] | _Twice":
    named: dict[str, Any] = {}
    for name, value in pairs:
        if name in named:
            return _Twice(name)
        named[name] = value
    return named


_NAMES: Final = json.JSONDecoder(object_pairs_hook=_no_name_twice)
_MARKS: Final = json.JSONDecoder(object_pairs_hook=_marked)


def _twice_in(marked: Any) -> str:
    return next((_below(path, text) for path, text in _texts(marked) if isinstance(text, _Twice)), "")


def _texts(value: Any) -> Iterator[tuple[str, str]]:
    """Every text, names among them, with the path that it stands at; with that of its object, where it is a name."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        path, one = waiting.pop()
        if isinstance(one, str):
            yield path, one
        elif isinstance(one, dict):
            for name, part in cast("dict[str, Any]", one).items():
                yield path, name
                waiting.append((_below(path, name), part))
        elif isinstance(one, list):
            waiting.extend((f"{path}[{place}]", part) for place, part in enumerate(cast("list[Any]", one)))


def _below(path: str, name: str) -> str:
    return f"{path}.{name}".removeprefix(".")[:FIELD_CHARS_MAX]
