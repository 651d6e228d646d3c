import re
from typing import Any, Literal

import msgspec

from services.links.domain.keys import Scope

Method = Literal["get", "post", "patch", "delete"]
Query = tuple[tuple[str, dict[str, Any]], ...]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    method: Method
    path: str
    id: str
    summary: str
    scope: Scope
    answer: Any
    answer_example: Any
    status: int = 200
    body: Any = None
    body_example: Any = None
    body_required: bool = True
    query: Query = ()
    if_match: bool = False
    has_revision: bool = False
    codes: tuple[str, ...] = ()

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
        if self.method == "post":
            codes.add("idempotency_mismatch")
        if self.if_match:
            codes.add("revision_mismatch")
        return codes
