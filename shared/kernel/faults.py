"""Named refusals. A fault carries values, never prose: each surface puts it into its own words."""

from typing import ClassVar


class Fault(Exception):  # noqa: N818 - a refusal is an answer, not an error of ours
    """Base of every refusal that a caller can be told about.

    `code` is stable: it stands in problem documents, in the docs and in tests. `values` are JSON-ready.
    """

    code: ClassVar[str] = "fault"

    def __init__(self, **values: object) -> None:
        super().__init__(self.code, values)
        self.values = values


class NotFound(Fault):
    """There is no such thing, or it belongs to somebody else: the two look alike from outside."""

    code = "not_found"

    def __init__(self, entity: str) -> None:
        super().__init__(entity=entity)


class Invalid(Fault):
    """A value that was sent cannot be accepted. `field` is a dotted path into the request, `rule` says why."""

    code = "invalid"

    def __init__(self, field: str, rule: str) -> None:
        super().__init__(field=field, rule=rule)


class Conflict(Fault):
    """The request was fine, but the thing is no longer as the caller believes."""

    code = "conflict"


class Unavailable(Fault):
    """Something that we depend on does not answer right now; the same request may be sent again."""

    code = "unavailable"

    def __init__(self, dependency: str) -> None:
        super().__init__(dependency=dependency)


class Unauthorized(Fault):
    """No credentials, or ones that are wrong, revoked or expired: the four look alike from outside."""

    code = "unauthorized"


class Forbidden(Fault):
    """The credentials work, and lack this scope."""

    code = "forbidden"

    def __init__(self, scope: str) -> None:
        super().__init__(scope=scope)


class OtherSite(Fault):
    """It came with a visitor's cookie, and not from a page of ours."""

    code = "other_site"


class IdempotencyMismatch(Fault):
    """The Idempotency-Key was used for another request."""

    code = "idempotency_mismatch"
