"""Drafts: what a caller named, and nothing else. A field that is UNSET was not named."""

from typing import Any

import msgspec
from msgspec import UNSET


def changes(draft: msgspec.Struct, present: object) -> dict[str, Any]:
    """The fields that the draft names otherwise than they are at present."""
    return {
        name: value
        for name in draft.__struct_fields__
        if (value := getattr(draft, name)) is not UNSET and value != getattr(present, name)
    }
