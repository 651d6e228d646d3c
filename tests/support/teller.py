"""A payment provider in the test's own process, which does what a test tells it and remembers all that it said."""

# ruff: noqa: ARG002 - the port names what other providers need

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from services.checkout.domain.charge import PaymentState
from services.checkout.domain.refund import RefundState
from services.checkout.providers.port import (
    Absent,
    Accepted,
    Account,
    Ask,
    CallbackContent,
    CreateResult,
    DisputeSignal,
    ExpireResult,
    NotSent,
    Order,
    Payment,
    RefundOrder,
    RefundResult,
    RefundSignal,
    RefundStatusResult,
    Refused,
    Signal,
    StatusResult,
    TooLate,
    Unknown,
    Unreachable,
)
from shared.kernel.money import Money

ACCOUNT: Final = "acct_teller"
SIGNATURE: Final = "teller-signature"
CREATES: Final = (
    # What is common comes more often.
    *("succeeded",) * 6,
    *("pending",) * 6,
    *("failed", "refused", "refused_token", "not_sent"),
    *("error_stored", "error_lost", "timeout_stored", "timeout_paid", "timeout_lost", "other_amount"),
)
REFUNDS: Final = (
    *("succeeded", "succeeded", "pending", "pending", "failed", "failed"),
    *("refused", "error", "timeout_stored", "timeout_lost", "not_sent"),
)


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A callback; one of the four is there."""

    id: str
    payment: PaymentState | None = None
    refund: RefundState | None = None
    dispute: dict[str, Any] | None = None
    ask: str | None = None


class Teller:
    """Implements `providers.port.Provider`. `said` are its answers since a test last took them, in their order."""

    name = "teller"
    takes = {"card": None}  # noqa: RUF012 - as the port wants it
    refunds = "partial"
    credentials = ()

    def __init__(self) -> None:
        self.does = "pending"
        self.refund_does: dict[str, str] = {}
        self.payments: dict[str, PaymentState] = {}
        self.given: dict[str, RefundState] = {}
        self.creates = 0
        self.silent = False
        self.said: list[tuple[Literal["payment", "refund"], str, Any]] = []
        self._asked: set[str] = set()

    async def create(self, account: Account, order: Order) -> CreateResult:  # noqa: PLR0911 - one answer a line
        self.creates += 1
        does = self.does
        stored = PaymentState(
            provider_id=f"pay_{order.reference}",
            account=account.external_id,
            reference=order.reference,
            status="pending",
            total=order.total,
        )
        match does:
            case "refused":
                return Refused("currency_not_enabled", None)
            case "refused_token":
                return Refused("bad_token", "card_token")
            case "not_sent":
                return NotSent()
            case "error_lost" | "timeout_lost":
                return Unknown(answered=does == "error_lost")
            case _:
                self.payments[order.reference] = stored
        match does:
            case "succeeded" | "failed":
                return Accepted(self.become(order.reference, does))
            case "timeout_paid":
                self.become(order.reference, "succeeded")
                return Unknown(answered=False)
            case "error_stored" | "timeout_stored":
                return Unknown(answered=does == "error_stored")
            case "other_amount":
                return Accepted(replace(stored, total=Money(order.total.minor + 1, order.total.currency)))
            case _:
                return Accepted(stored)

    def become(self, reference: str, status: Any) -> PaymentState:
        before = self.payments[reference]
        fee = Money(before.total.minor // 50, before.total.currency) if status == "succeeded" else None
        reason = "declined" if status == "failed" else None
        self.payments[reference] = replace(before, status=status, fee=fee, reason=reason)
        return self.payments[reference]

    async def status(self, account: Account, payment: Payment) -> StatusResult:
        if self.silent:
            return Unreachable()
        found = self.payments.get(payment.reference)
        self.said.append(("payment", payment.reference, found))
        return Accepted(found) if found else Absent()

    async def expire(self, account: Account, payment: Payment) -> ExpireResult:
        if self.payments[payment.reference].status == "succeeded":
            return TooLate()
        if self.payments[payment.reference].status == "pending":
            self.become(payment.reference, "expired")
        found = self.payments[payment.reference]
        self.said.append(("payment", payment.reference, found))
        return Accepted(found)

    async def refund(self, account: Account, order: RefundOrder) -> RefundResult:
        """The same reference again is the same refund. What went wrong once does not the next time."""
        reference = order.reference
        does = self.refund_does.get(reference, "succeeded") if reference not in self._asked else "succeeded"
        self._asked.add(reference)
        if reference in self.given:
            return self._answered(reference, self.given[reference])
        match does:
            case "refused":
                return self._answered(reference, Refused("refund_not_possible", None))
            case "not_sent":
                return NotSent()
            case "error" | "timeout_lost":
                return Unknown(answered=does == "error")
            case "timeout_stored":
                self.give(order, "succeeded")
                return Unknown(answered=False)
            case _:
                return self._answered(reference, self.give(order, does))

    def give(self, order: RefundOrder, status: Any) -> RefundState:
        reference = order.reference
        self.given[reference] = RefundState(
            provider_id=f"re_{reference}", reference=reference, status=status, amount=order.amount
        )
        return self.given[reference]

    async def refund_status(self, account: Account, order: RefundOrder, provider_id: str | None) -> RefundStatusResult:
        found = self.given.get(order.reference)
        return self._answered(order.reference, found) if found else Absent()

    def _answered(self, reference: str, answer: Any) -> Any:
        self.said.append(("refund", reference, answer))
        return answer

    def take_said(self) -> list[tuple[Literal["payment", "refund"], str, Any]]:
        said, self.said = self.said, []
        return said

    def is_authentic(self, account: Account, headers: Mapping[str, str], *, body: bytes, now: datetime) -> bool:
        return headers.get(SIGNATURE) == "genuine"

    def read(self, account: str, body: bytes) -> CallbackContent | None:
        told = msgspec.json.decode(body, type=Told)
        if told.payment is not None:
            return Signal(told.id, told.payment)
        if told.refund is not None:
            return RefundSignal(told.id, told.refund)
        if told.ask is not None:
            return Ask(told.id, told.ask)
        said = told.dispute or {}
        amount = Money(said["minor"], said["currency"])
        return DisputeSignal(
            event_id=told.id,
            dispute_id=said["id"],
            payment_id=None,
            reference=said["reference"],
            status=said["status"],
            amount=amount,
            reason="fraudulent",
        )

    def kept_headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        return dict(headers)

    async def close(self) -> None:
        """It holds nothing."""
