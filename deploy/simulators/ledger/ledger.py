"""Payments and what happens to them: the same for every provider but for how its callbacks look.

Every method is synchronous and runs on the event loop, so each is atomic against the others.
"""

import sqlite3
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from deploy.simulators.callbacks.outgoing import Outgoing
from deploy.simulators.callbacks.records import Callback
from deploy.simulators.ledger.records import LedgerFaults, Payment, Refund, Step
from deploy.simulators.ledger.store import LedgerStore
from deploy.simulators.process.scheduler import Scheduler

Render = Callable[[Payment], tuple[str, bytes] | None]


class Duplicate(Exception):  # noqa: N818 - says what is wrong
    """The account has a payment of this reference."""


class AlreadySucceeded(Exception):  # noqa: N818 - says what is wrong
    """Money that was captured does not fail afterwards."""


class Ledger:
    """`render` makes the URL and the body of the callback about a payment; None where nobody wants one."""

    def __init__(
        self,
        store: LedgerStore,
        scheduler: Scheduler,
        outgoing: Outgoing[LedgerFaults],
        *,
        render: Render,
        now_ms: Callable[[], int],
        approve_after_ms: int,
    ) -> None:
        self.store = store
        self.now_ms = now_ms
        self._outgoing = outgoing
        self._render = render
        self._approve_after_ms = approve_after_ms
        self._schedule_step = scheduler.register(self._take_steps)

    def resume(self) -> int:
        """Schedule what is due; answers how much that is."""
        steps = self.store.steps()
        for row, due_ms in steps:
            self._schedule_step(due_ms, row)
        return len(steps)

    @property
    def faults(self) -> LedgerFaults:
        return self._outgoing.faults

    @property
    def approve_after_ms(self) -> int:
        asked = self.faults.approve_after_ms
        return self._approve_after_ms if asked is None else asked

    def spend(self, fault: Literal["fail_creates", "lose_creates", "hang_creates", "expire_tokens"]) -> bool:
        """Whether this is one of those that were told to go wrong."""
        return self._outgoing.spend(fault)

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

    def callback_about(self, payment: Payment) -> Callback | None:
        """What would be told of it now; None where nobody wants to know."""
        rendered = self._render(payment)
        if rendered is None:
            return None
        url, body = rendered
        now = self.now_ms()
        return Callback(
            event_id=f"{payment.reference}.{payment.status}",
            payment=payment.reference,
            account=payment.account,
            type=payment.status,
            url=url,
            body=body,
            created_ms=now,
            due_ms=now,
        )

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
        if callback := self.callback_about(settled):
            self._outgoing.send([callback])
        return settled

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
