"""The numbers of MTN's sandbox that do something else than succeed."""

from deploy.simulators.ledger.records import Step

DELAYED_FACTOR = 25
"""About 25 s, when an ordinary payer takes one."""
REASONS = {
    "46733123450": "INTERNAL_PROCESSING_ERROR",
    "46733123451": "APPROVAL_REJECTED",
    "46733123452": "EXPIRED",
    "46733123455": "PAYER_NOT_FOUND",
}
STAYS_PENDING = "46733123453"
DELAYED = "46733123454"


def steps_of(phone: str, *, now_ms: int, approve_after_ms: int) -> list[Step]:
    """What will happen to a payment by itself."""
    if phone == STAYS_PENDING:
        return []
    if phone in REASONS:
        return [Step(0, now_ms + approve_after_ms, "failed", REASONS[phone])]
    factor = DELAYED_FACTOR if phone == DELAYED else 1
    return [Step(0, now_ms + factor * approve_after_ms, "succeeded")]
