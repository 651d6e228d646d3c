"""One operation of notify's API for merchants, as the OpenAPI document has it."""

from typing import Any, Final, Literal

import msgspec

_ALWAYS: Final = ("unauthorized", "forbidden", "rate_limited", "unavailable")
PAGE: Final = (
    ("limit", {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}),
    ("cursor", {"type": "string", "description": "`next_cursor` of the page before."}),
)


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    method: Literal["get", "post", "patch", "delete"]
    path: str
    id: str
    summary: str
    scope: Literal["webhooks:read", "webhooks:write", "mails:read", "mails:write"]
    status: int = 200
    answer: Any = None
    answer_example: Any = None
    body: Any = None
    body_example: Any = None
    body_required: bool = True
    query: tuple[tuple[str, dict[str, Any]], ...] = ()
    codes: tuple[str, ...] = ()

    def refusals(self) -> set[str]:
        codes = {*_ALWAYS, *self.codes}
        if "{" in self.path:
            codes.add("not_found")
        if self.body is not None or self.query or self.method == "post":
            codes.add("invalid")
        if self.method == "post":
            codes.add("idempotency_mismatch")
        return codes
