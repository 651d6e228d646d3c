import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec

from services.links.domain.keys import Scope

Method = Literal["get", "post", "patch", "delete"]
Query = tuple[tuple[str, dict[str, Any]], ...]
PAGE: Final[Query] = (
    ("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}),
    ("cursor", {"type": "string", "description": "`next_cursor` of the page before."}),
)
DRY_RUN: Final[Query] = (
    (
        "dry_run",
        {
            "type": "boolean",
            "default": False,
            "description": "Checks everything, answers what would be, keeps nothing.",
        },
    ),
)


def page_example(example: Any) -> dict[str, Any]:
    return {"data": [example], "has_more": False, "next_cursor": None}


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    method: Method
    path: str
    id: str
    summary: str
    scope: Scope | None
    once: bool = True
    answer: Any = None
    answer_example: Any = None
    media: tuple[str, ...] = ()
    """What is answered instead of JSON."""
    status: int = 200
    also_status: int | None = None
    body: Any = None
    body_example: Any = None
    body_also: Mapping[str, str] = MappingProxyType({})
    """Other media types of the body, each with an example."""
    body_required: bool = True
    query: Query = ()
    if_match: bool = False
    has_revision: bool = False
    codes: tuple[str, ...] = ()

    @property
    def takes_key(self) -> bool:
        """Whether an Idempotency-Key makes it happen once."""
        return self.method == "post" and self.once

    @property
    def tag(self) -> str:
        return self.path.split("/")[2]

    def path_parameters(self) -> list[tuple[str, dict[str, str]]]:
        names = re.findall(r"{(\w+)}", self.path)
        return [(name, {} if name == "key_id" else {"format": "uuid"}) for name in names]

    def refusals(self) -> set[str]:
        codes = set(self.codes)
        if "{" in self.path:
            codes.add("not_found")
        if self.body is not None or self.query or self.if_match or self.method == "post":
            codes.add("invalid")
        if self.takes_key:
            codes.add("idempotency_mismatch")
        if self.if_match:
            codes.add("revision_mismatch")
        return codes
