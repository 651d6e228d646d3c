"""Payments and what happens to them: the same for every provider but for how its callbacks look.

Every method is synchronous and runs on the event loop, so each is atomic against the others.
"""

import secrets
import sqlite3
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from deploy.simulators.kit.records import Callback, Faults, Message, Payment, Refund, Step, Tamper, Told
from deploy.simulators.kit.store import Store
from deploy.simulators.process.scheduler import Scheduler

SHUFFLE_WINDOW_MS = 1_000
Render = Callable[[Payment, Tamper | None], Message | None]


class Duplicate(Exception):  # noqa: N818 - says what is wrong
    """The account has a payment of this reference."""


class AlreadySucceeded(Exception):  # noqa: N818 - says what is wrong
    """Money that was captured does not fail afterwards."""


class Ledger:
    """`render` makes the provider's callback of a payment; None where nobody wants one."""

    def __init__(
        self, store: Store, scheduler: Scheduler, *, render: Render, now_ms: Callable[[], int], approve_after_ms: int
    ) -> None:
        self.store = store
        self.now_ms = now_ms
        self._render = render
        self._approve_after_ms = approve_after_ms
        self.faults = store.faults()
        self._schedule_step = scheduler.register(self._take_steps)
        self.schedule_callback: Callable[[int, int], None] = lambda _due_ms, _row: None

    def resume(self) -> None:
        for row, due_ms in self.store.steps():
            self._schedule_step(due_ms, row)
        for row, due_ms in self.store.due_callbacks():
            self.schedule_callback(due_ms, row)

    @property
    def approve_after_ms(self) -> int:
        asked = self.faults.approve_after_ms
        return self._approve_after_ms if asked is None else asked

    def set_faults(self, faults: Faults) -> None:
        self.store.put_thing("faults", "all", faults)
        self.faults = faults

    def spend(self, fault: Literal["fail_creates", "lose_creates", "hang_creates", "expire_tokens"]) -> bool:
        """Whether this is one of those that were told to go wrong."""
        left: int = getattr(self.faults, fault)
        if left:
            self.set_faults(msgspec.structs.replace(self.faults, **{fault: left - 1}))
        return bool(left)

    def begin(self, payment: Payment, *steps: Step) -> Payment:
        """Raises: Duplicate."""
        try:
            with self.store.transaction():
                payment = self.store.add_payment(payment)
                for step in steps:
                    row = self.store.add_step(msgspec.structs.replace(step, payment=payment.row))
                    self._schedule_step(step.due_ms, row)
        except sqlite3.IntegrityError:
            raise Duplicate from None
        return payment

    def change(self, payment: Payment) -> Payment:
        payment = msgspec.structs.replace(payment, updated_ms=self.now_ms())
        self.store.put_payment(payment)
        return payment

    def settle(self, payment: Payment, status: Literal["succeeded", "failed"], reason: str | None = None) -> Payment:
        """Somebody decided: what was planned no longer happens.

        Raises:
            AlreadySucceeded: it would fail after it succeeded.
        """
        if payment.status == "succeeded" and status == "failed":
            raise AlreadySucceeded
        with self.store.transaction():
            self.store.drop_steps_of(payment.row)
            return self._settle(payment, status, reason)

    def give_back(self, refund: Refund) -> Refund:
        """Raises: Duplicate."""
        try:
            return self.store.add_refund(refund)
        except sqlite3.IntegrityError:
            raise Duplicate from None

    def refundable(self, payment: Payment) -> Decimal:
        """What is left to be given back, in the provider's unit."""
        back = sum((Decimal(r.amount) for r in self.store.refunds(payment.row) if r.status != "failed"), Decimal())
        return (Decimal(payment.amount) if payment.status == "succeeded" else Decimal()) - back

    def tell(self, payment: Payment, told: Told) -> list[Callback]:
        """Callbacks that the control API asks for, whatever faults are in force. A forger does not come back."""
        shown = msgspec.structs.replace(payment, status=told.status or payment.status)
        message = self._render(shown, told.tamper)
        if message is None:
            return []
        with self.store.transaction():
            return [self._enqueue(payment, message, retried=told.tamper is None) for _ in range(told.times)]

    def _settle(self, payment: Payment, status: Literal["succeeded", "failed"], reason: str | None) -> Payment:
        if payment.status == status:
            return payment
        settled = msgspec.structs.replace(
            payment,
            status=status,
            reason=reason if status == "failed" else None,
            captured=payment.captured + (status == "succeeded"),
        )
        settled = self.change(settled)
        self._announce(settled)
        return settled

    def _announce(self, payment: Payment) -> None:
        message = self._render(payment, None)
        if message is None:
            return
        faults = self.faults
        times = faults.callback_times if faults.callbacks in {"duplicate", "shuffle"} else 1
        for _ in range(times):
            wait = secrets.randbelow(SHUFFLE_WINDOW_MS) if faults.callbacks == "shuffle" else 0
            self._enqueue(payment, message, wait_ms=wait + faults.callback_delay_ms, drop=faults.callbacks == "drop")

    def _enqueue(
        self, payment: Payment, message: Message, *, wait_ms: int = 0, drop: bool = False, retried: bool = True
    ) -> Callback:
        now = self.now_ms()
        callback = self.store.add_callback(
            Callback(
                payment=payment.row,
                message=message,
                retried=retried,
                state="dropped" if drop else "due",
                created_ms=now,
                due_ms=None if drop else now + wait_ms,
            )
        )
        if callback.due_ms is not None:
            self.schedule_callback(callback.due_ms, callback.row)
        return callback

    def _take_steps(self, rows: Sequence[int]) -> None:
        with self.store.transaction():
            for row in rows:
                step = self.store.step(row)
                payment = self.store.payment(step.payment) if step else None
                if step is None or payment is None:
                    continue
                if step.due_ms > self.now_ms():
                    # SQLite gave the row of a cancelled step to a later one.
                    self._schedule_step(step.due_ms, row)
                    continue
                self.store.drop_step(row)
                if payment.status != "succeeded":
                    self._settle(payment, step.status, step.reason)
