from datetime import datetime

from shared.contracts.links import EndedAs
from shared.kernel.faults import Conflict, Fault


class Unauthorized(Fault):
    """No key, or one that is wrong, revoked or expired: the four look alike from outside."""

    code = "unauthorized"


class Forbidden(Fault):
    code = "forbidden"

    def __init__(self, scope: str) -> None:
        super().__init__(scope=scope)


class SlugTaken(Conflict):
    code = "slug_taken"

    def __init__(self, slug: str) -> None:
        super().__init__(slug=slug)


class LinkHasEnded(Conflict):
    """Ended never comes back, and what has ended is not changed any more."""

    code = "link_ended"

    def __init__(self, ended_as: EndedAs, since: datetime) -> None:
        super().__init__(reason=ended_as, since=since)


class ProductArchived(Conflict):
    code = "product_archived"


class KeyEnded(Conflict):
    """The key was revoked, has expired or has a successor already."""

    code = "key_ended"


class RevisionMismatch(Fault):
    """`If-Match` named another revision than the present one."""

    code = "revision_mismatch"

    def __init__(self, revision: int) -> None:
        super().__init__(revision=revision)


class IdempotencyMismatch(Fault):
    """The key was used before, for another request."""

    code = "idempotency_mismatch"
