"""Money that goes back: refunds by magic amounts, and disputes, which only the control API opens."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from deploy.simulators.callbacks.records import Callback
from deploy.simulators.process.moments import rfc3339
from deploy.simulators.process.scheduler import Scheduler
from deploy.simulators.sandbox.problems import ApiError, refused
from deploy.simulators.sandbox.provider import Provider, new_id
from deploy.simulators.sandbox.records import Account, MoneyBackType, Payment, Refund
from deploy.simulators.sandbox.wire import (
    DisputeRequest,
    RefundCallbackRequest,
    RefundRequest,
    RefundView,
    refund_view,
)

HANG_MS = 15_000
_encode = msgspec.json.Encoder().encode
_HUNDRED = 100
FAILS, STAYS_PENDING, HANGS, CALLBACK_LOST, REFUSED = 1, 2, 4, 6, 11
"""The last two digits of a refund's amount, in minor units."""


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    account: str
    payment: str
    payment_reference: str
    status: Literal["open", "won", "lost"]
    amount: int
    currency: str
    reason: str


class Event(msgspec.Struct, frozen=True):
    id: str
    type: MoneyBackType
    account: str
    created_at: str
    data: RefundView | Dispute


class Made(msgspec.Struct, frozen=True):
    refund: Refund
    is_new: bool
    hang_ms: int = 0


class Refunds:
    def __init__(self, provider: Provider, scheduler: Scheduler) -> None:
        self._provider = provider
        self._store = provider.store
        self._schedule = scheduler.register(self.take_due)

    def resume(self) -> int:
        due = self._store.due_refunds()
        for row, due_ms in due:
            self._schedule(due_ms, row)
        return len(due)

    def make(self, account: Account, request: RefundRequest, *, key: str | None) -> Made:
        """The same reference and body again is the same refund.

        Raises: ApiError: 400, 404 payment_not_found, 409 reference_exists, refund_too_large, not_captured,
            422 refund_not_possible, 500.
        """
        if key is None:
            raise refused("idempotency_key_required", "Send an Idempotency-Key.")
        payment = self._store.payment(request.payment)
        if payment is None or payment.account != account.id:
            raise ApiError(404, "payment_not_found", "No such payment.")
        self._spend_fault()
        if known := self._store.refund_by_reference(account.id, request.reference):
            if (known.payment, known.amount) != (request.payment, request.amount):
                raise ApiError(409, "reference_exists", "A refund with this reference exists.", param="reference")
            return Made(known, is_new=False)
        self._check(payment, request)
        refund = self._new(payment, request)
        with self._store.transaction():
            row = self._store.insert_refund(refund)
        if refund.due_ms is not None:
            self._schedule(refund.due_ms, row)
        return Made(refund, is_new=True, hang_ms=HANG_MS if request.amount % _HUNDRED == HANGS else 0)

    def take_due(self, rows: Sequence[int]) -> None:
        for row in rows:
            refund = self._store.refund_by_row(row)
            if refund is not None and refund.due_ms is not None and refund.status == "pending":
                self.decide(refund, refund.will)

    def decide(self, refund: Refund, status: Literal["succeeded", "failed"]) -> Refund:
        """Raises: ApiError: 409, it is over."""
        if refund.status == status:
            return refund
        if refund.status != "pending":
            raise ApiError(409, "refund_is_over", f"This refund has {refund.status}.")
        now_ms = self._provider.now_ms()
        failure = "insufficient_balance" if status == "failed" else None
        decided = msgspec.structs.replace(refund, status=status, failure_code=failure, due_ms=None, updated_ms=now_ms)
        with self._store.transaction():
            self._store.update_refund(decided)
            self._tell(decided)
        return decided

    def tell(self, refund: Refund, request: RefundCallbackRequest) -> list[Callback]:
        """Callbacks that the control API asks for, whatever faults are in force; each with an id of its own."""
        status = request.status or ("failed" if refund.status == "failed" else "succeeded")
        view = msgspec.structs.replace(refund_view(refund), status=status)
        if request.tamper == "amount":
            view = msgspec.structs.replace(view, amount=view.amount + 1)
        if request.tamper == "reference":
            view = msgspec.structs.replace(view, reference=f"unknown-{view.id[-16:]}")
        payment = self._payment_of(refund)
        with self._store.transaction():
            return self._provider.enqueue(
                [self._callback(payment, f"refund.{status}", view) for _ in range(request.times)]
            )

    def dispute(self, payment: Payment, request: DisputeRequest) -> list[Callback]:
        """Raises: ApiError: 409, nothing was captured."""
        if payment.status != "succeeded":
            raise ApiError(409, "not_captured", "Nothing was captured that could be disputed.")
        dispute = Dispute(
            id=f"dp_{payment.id.removeprefix('pay_')}",
            account=payment.account,
            payment=payment.id,
            payment_reference=payment.reference,
            status=request.status,
            amount=request.amount or payment.amount,
            currency=payment.currency,
            reason=request.reason,
        )
        with self._store.transaction():
            return self._provider.enqueue([self._callback(payment, f"dispute.{request.status}", dispute)])

    def _check(self, payment: Payment, request: RefundRequest) -> None:
        if payment.status != "succeeded":
            raise ApiError(409, "not_captured", "Nothing was captured that could go back.")
        if request.amount % _HUNDRED == REFUSED:
            raise ApiError(422, "refund_not_possible", "This payment cannot be refunded.")
        others = self._store.refunds_of(payment.id, limit=10_000)
        taken = sum(one.amount for one in others if one.status != "failed")
        if taken + request.amount > payment.amount:
            raise ApiError(409, "refund_too_large", "More than is left of the payment.", param="amount")

    def _new(self, payment: Payment, request: RefundRequest) -> Refund:
        now_ms, magic = self._provider.now_ms(), request.amount % _HUNDRED
        return Refund(
            id=new_id("re_"),
            account=payment.account,
            payment=payment.id,
            reference=request.reference,
            amount=request.amount,
            currency=payment.currency,
            status="pending",
            reason=request.reason,
            will="failed" if magic == FAILS else "succeeded",
            due_ms=None if magic == STAYS_PENDING else now_ms + self._provider.faults.approve_after_ms,
            silent=magic == CALLBACK_LOST,
            created_ms=now_ms,
            updated_ms=now_ms,
        )

    def _spend_fault(self) -> None:
        faults = self._provider.faults
        if faults.fail_refunds:
            self._provider.set_faults(msgspec.structs.replace(faults, fail_refunds=faults.fail_refunds - 1))
            raise ApiError(500, "internal_error", "Something went wrong on our side. Nothing was stored.")

    def _tell(self, refund: Refund) -> None:
        payment, faults = self._payment_of(refund), self._provider.faults
        if payment.callback_url is None:
            return
        callback = self._callback(payment, f"refund.{refund.status}", refund_view(refund))
        if refund.silent or faults.callbacks == "drop":
            self._provider.enqueue([msgspec.structs.replace(callback, state="dropped", due_ms=None)])
            return
        times = faults.callback_times if faults.callbacks in {"duplicate", "shuffle"} else 1
        self._provider.enqueue([callback] * times)

    def _payment_of(self, refund: Refund) -> Payment:
        payment = self._store.payment(refund.payment)
        assert payment is not None  # payments are never deleted
        return payment

    def _callback(self, payment: Payment, event_type: str, data: RefundView | Dispute) -> Callback:
        kind = msgspec.convert(event_type, MoneyBackType)
        event_id, now_ms = new_id("evt_"), self._provider.now_ms()
        return Callback(
            event_id=event_id,
            payment=payment.id,
            account=payment.account,
            type=kind,
            url=payment.callback_url or "",
            body=_encode(Event(event_id, kind, payment.account, rfc3339(now_ms), data)),
            created_ms=now_ms,
            due_ms=now_ms,
        )
