"""JSON that says each thing once."""

import json
from typing import Any, TypeVar

import msgspec

Kind = TypeVar("Kind")


class NamedTwice(ValueError):  # noqa: N818 - says what is wrong
    """A field stands twice in an object."""


def strict_json(body: bytes, kind: type[Kind]) -> Kind:
    """Raises: msgspec.MsgspecError, NamedTwice, ValueError, RecursionError."""
    decoded = msgspec.json.decode(body, type=kind)
    # msgspec lets the last of two equal keys win; two readers of one body must not see two amounts.
    json.loads(body, object_pairs_hook=_refuse_repeated_keys)
    return decoded


def _refuse_repeated_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise NamedTwice("a field is named twice")
    return fields
