"""How a payment moves. Pure: the time comes in, a new payment goes out.

    pending, requires_action -> succeeded | failed
    failed -> succeeded            a late success is real
    requires_action -> requires_action | pending   the buyer moves from the card page to 3-D Secure

A succeeded payment never changes again.
"""

from typing import Literal

import msgspec

from deploy.simulators.process.moments import rfc3339
from deploy.simulators.sandbox.outcomes import Outcome
from deploy.simulators.sandbox.records import Card, Dial, FailureCode, Payment, Prompt, Redirect, Step, Transfer

PROMPT_TTL_MS = 5 * 60 * 1_000
# A buyer who walks away from the card page or from 3-D Secure.
ACTION_TTL_MS = 30 * 60 * 1_000
LATE_SUCCESS_FACTOR = 5


class AlreadySucceededError(Exception):
    """Money that was captured does not fail afterwards."""


def prompt(phone: str, created_ms: int) -> Prompt:
    return Prompt(phone=phone, expires_at=rfc3339(created_ms + PROMPT_TTL_MS))


def dial(bank: str | None, number: str, created_ms: int) -> Dial:
    return Dial(code=f"*566*{bank or '000'}*{number}#", expires_at=rfc3339(created_ms + ACTION_TTL_MS))


def transfer(payment: Payment, number: str) -> Transfer:
    return Transfer(
        bank="Sandbox Bank",
        account_number=number,
        account_name="PAYLINKS SANDBOX",
        amount=payment.amount,
        currency=payment.currency,
        reference=f"SB{number}",
        expires_at=rfc3339(payment.created_ms + ACTION_TTL_MS),
    )


def settle(
    payment: Payment, status: Literal["succeeded", "failed"], *, failure_code: FailureCode | None, now_ms: int
) -> Payment:
    """The payment in its new state, or the same object where nothing changes.

    Raises:
        AlreadySucceededError: it would fail after it succeeded.
    """
    if payment.status == status:
        return payment
    if payment.status == "succeeded":
        raise AlreadySucceededError
    return msgspec.structs.replace(
        payment,
        status=status,
        failure_code=failure_code if status == "failed" else None,
        next_action=None,
        stage=None,
        version=payment.version + 1,
        updated_ms=now_ms,
    )


def with_card(payment: Payment, card: Card, *, outcome: Outcome, url: str, now_ms: int) -> Payment:
    """The payment once a card is known: waiting at 3-D Secure, or pending until its outcome is applied."""
    authenticating = outcome.course == "authenticate"
    return msgspec.structs.replace(
        payment,
        card=card,
        callback_style=outcome.callbacks,
        status="requires_action" if authenticating else "pending",
        stage="3ds" if authenticating else None,
        next_action=Redirect(f"{url}/3ds/{payment.id}") if authenticating else None,
        version=payment.version + 1,
        updated_ms=now_ms,
    )


def as_created(payment: Payment) -> Payment:
    """The payment as its first, pending event shows it."""
    return msgspec.structs.replace(
        payment,
        status="pending",
        failure_code=None,
        next_action=prompt(payment.phone, payment.created_ms)
        if payment.method == "mobile_money" and payment.phone
        else None,
        version=1,
        updated_ms=payment.created_ms,
    )


def planned_steps(payment: Payment, outcome: Outcome, *, now_ms: int, approve_after_ms: int) -> list[Step]:
    """What will happen to this payment by itself, soonest first."""
    if payment.status == "requires_action":
        return [Step(payment.id, now_ms + ACTION_TTL_MS, "failed", "expired")]
    first_ms = now_ms + approve_after_ms
    match outcome.course:
        case "succeed":
            return [Step(payment.id, first_ms, "succeeded")]
        case "fail":
            return [Step(payment.id, first_ms, "failed", outcome.failure_code)]
        case "late_success":
            late_ms = first_ms + LATE_SUCCESS_FACTOR * approve_after_ms
            return [
                Step(payment.id, first_ms, "failed", outcome.failure_code),
                Step(payment.id, late_ms, "succeeded"),
            ]
        case "stay_pending" | "authenticate":
            return []
