"""docs/problems.md: every code that a problem document can bear."""

from shared.runtime.problems import KINDS

_HEAD = """# Problems

A request that cannot be granted is answered with a problem document (RFC 9457, `application/problem+json`). `code` is
stable; `title` is for people; `request_id` is what to tell us. Values of the case at hand stand beside them.

    HTTP/1.1 400 Bad Request
    {"type": "/problems/invalid", "title": "The request has a value that cannot be accepted", "status": 400,
     "code": "invalid", "field": "pricing.amount_minor", "rule": "Expected 'int' >= 1", "request_id": "…"}

`field` is the path of what is wrong, missing or not known, such as `items[0].quantity`. It is empty where the whole
body is to blame.

| Code | Status | What it means | What to do |
|---|---|---|---|
"""


def problems_page() -> str:
    """Of those that are registered: the services' `app` modules must be imported before."""
    ordered = sorted(KINDS.items(), key=lambda pair: (pair[1].status, pair[0]))
    rows = (f"| `{code}` | {kind.status} | {kind.title} | {kind.next_step or ''} |\n" for code, kind in ordered)
    return _HEAD + "".join(rows)
