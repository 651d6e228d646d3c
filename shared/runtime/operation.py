"""One operation of an API for merchants, as its OpenAPI document has it."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

import msgspec

from shared.runtime.listing import LIMIT_DEFAULT, LIMIT_MAX

Query = tuple[tuple[str, dict[str, Any]], ...]
UUID_TEXT: Final[dict[str, Any]] = {"type": "string", "format": "uuid"}
TEXT: Final[dict[str, Any]] = {"type": "string"}
PAGE: Final[Query] = (
    ("limit", {"type": "integer", "minimum": 1, "maximum": LIMIT_MAX, "default": LIMIT_DEFAULT}),
    ("cursor", {"type": "string", "description": "`next_cursor` of the page before."}),
)
_ANYBODY: Final = ("rate_limited", "unavailable")
_CALLERS: Final = ("unauthorized", "forbidden")


def page_example(example: Any) -> dict[str, Any]:
    return {"data": [example], "has_more": False, "next_cursor": None}


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """`codes` are the refusals of its own; those that follow from its shape are in `refusals` without being named."""

    method: Literal["get", "post", "patch", "delete"]
    path: str
    id: str
    summary: str
    about: str = ""
    scope: str | None
    """None needs no credentials."""
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
    path_schema: dict[str, Any] = msgspec.field(default_factory=lambda: UUID_TEXT)
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

    @property
    def path_names(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    def refusals(self) -> set[str]:
        codes = {*self.codes, *_ANYBODY, *(_CALLERS if self.scope else ())}
        if self.path_names:
            codes.add("not_found")
        if self.body is not None or self.query or self.if_match or self.method == "post":
            codes.add("invalid")
        if self.body is not None:
            codes |= {"payload_too_large", "request_timeout"}
        if self.takes_key:
            codes.add("idempotency_mismatch")
        if self.if_match:
            codes.add("revision_mismatch")
        return codes
