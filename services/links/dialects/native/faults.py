"""How the faults of links are told in the native API."""

from typing import Final

from services.links.domain.faults import (
    IdempotencyMismatch,
    KeyEnded,
    LinkHasEnded,
    ProductArchived,
    RevisionMismatch,
    SlugTaken,
)
from shared.runtime import problems
from shared.runtime.problems import ProblemKind

KINDS: Final = {
    SlugTaken.code: ProblemKind(
        409, "The slug is taken", "Choose another one, or leave it out and one is made from the title."
    ),
    LinkHasEnded.code: ProblemKind(
        409, "The payment link has ended", "What has ended never comes back: make a new one."
    ),
    ProductArchived.code: ProblemKind(
        409, "The product is archived", "Bring it back with active: true, or name another."
    ),
    KeyEnded.code: ProblemKind(
        409, "The API key cannot be rotated", "It was revoked, has expired or has a successor: make a new key."
    ),
    RevisionMismatch.code: ProblemKind(
        412, "It has changed since you read it", "Read it again and repeat the change with the new revision."
    ),
    IdempotencyMismatch.code: ProblemKind(
        422, "The Idempotency-Key was used for another request", "Use a new key for a new request."
    ),
}

problems.register(KINDS)
