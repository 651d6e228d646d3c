"""Money that goes back: by refund, or because the payer disputes it."""

from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from deploy.simulators.process.documents import DocumentStore
from deploy.simulators.stripe import money, objects
from deploy.simulators.stripe.accounts import Accounts, new_id
from deploy.simulators.stripe.parameters import CreateRefund
from deploy.simulators.stripe.problems import refused
from deploy.simulators.stripe.records import Account, Dispute, DisputeStatus, Refund, RefundStatus, Session

REFUND_WAITS_MS = 300
replace = msgspec.structs.replace


class Books(Protocol):
    """What refunds need of the provider."""

    store: DocumentStore
    accounts: Accounts
    now_ms: Callable[[], int]
    schedule: Callable[[int, int], None]

    def session_of_intent(self, intent_id: str, account: Account | None = None) -> Session: ...

    def tell(self, session: Session, kind: str, shown: dict[str, Any]) -> None: ...


class Refunds:
    def __init__(self, books: Books) -> None:
        self._books = books

    def refund(self, account: Account, asked: CreateRefund) -> Refund:
        """Raises: StripeError: 400, 404. Inside a transaction."""
        if (asked.payment_intent is None) == (asked.charge is None):
            raise refused("Provide exactly one of payment_intent and charge.", param="payment_intent")
        intent_id = asked.payment_intent or f"pi_{(asked.charge or '').removeprefix('ch_')}"
        session = self._books.session_of_intent(intent_id, account)
        intent = session.intent
        if intent is None or intent.charge is None or session.payment_status != "paid":
            raise refused("This PaymentIntent does not have a successful charge to refund.", param="payment_intent")
        left = session.amount - sum(
            one.amount for one in self.of(account.id, intent.id) if one.status in {"pending", "succeeded"}
        )
        if left == 0:
            raise refused(f"Charge {intent.charge} has already been refunded.", code="charge_already_refunded")
        amount = left if asked.amount is None else asked.amount
        if amount > left:
            raise refused(
                f"Refund amount ({amount}) is greater than unrefunded amount on charge ({left})", param="amount"
            )
        if session.currency in money.WHOLE_ONLY and amount % 100:
            raise refused("The amount must be divisible by 100.", code="invalid_amount", param="amount")
        refund = Refund(
            id=new_id("re_"),
            account=account.id,
            intent=intent.id,
            charge=intent.charge,
            amount=amount,
            currency=session.currency,
            status="pending" if intent.refunds_wait == "succeeded" else "succeeded",
            reason=asked.reason,
            metadata=asked.metadata,
            created=self._books.now_ms() // 1_000,
        )
        self._keep(refund, due_ms=self._books.now_ms() + REFUND_WAITS_MS if intent.refunds_wait else None)
        self._books.tell(session, "refund.created", objects.refund_view(refund))
        refunds = self.of(account.id, intent.id)
        self._books.tell(session, "charge.refunded", objects.charge_view(session, intent, refunds=refunds))
        return refund

    def of(self, account_id: str, intent_id: str) -> list[Refund]:
        """Oldest first."""
        return self._books.store.by_reference(Refund, account_id, intent_id)

    def view(self, refund: Refund, expand: frozenset[str]) -> dict[str, Any]:
        shown = objects.refund_view(refund)
        if "payment_intent" in expand:
            session = self._books.session_of_intent(refund.intent)
            assert session.intent is not None
            shown["payment_intent"] = objects.intent_view(session, session.intent, expand)
        return shown

    def end(self, refund: Refund, status: RefundStatus) -> Refund:
        failure = "lost_or_stolen_card" if status == "failed" else None
        with self._books.store.transaction():
            return self._ended(replace(refund, status=status, failure_reason=failure))

    def refund_by_hand(self, session: Session, amount: int | None) -> Refund:
        """Somebody refunds at the dashboard, and writes no metadata. Raises: StripeError: 400."""
        account = self._books.accounts.by_id(session.account)
        if account is None or session.intent is None:
            raise refused("Only a charge that was paid is refunded.")
        with self._books.store.transaction():
            return self.refund(account, CreateRefund(payment_intent=session.intent.id, amount=amount))

    def dispute(self, session: Session, reason: str, amount: int | None = None) -> Dispute:
        """Raises: StripeError: 400, nothing was paid, or not so much."""
        intent = session.intent
        if intent is None or intent.charge is None or session.payment_status != "paid":
            raise refused("Only a charge that was paid is disputed.")
        if amount is not None and amount > session.amount:
            raise refused("A dispute is never about more than was paid.", param="amount")
        dispute = Dispute(
            id=new_id("dp_"),
            account=session.account,
            intent=intent.id,
            charge=intent.charge,
            amount=session.amount if amount is None else amount,
            currency=session.currency,
            reason=reason,
            status="needs_response",
            created=self._books.now_ms() // 1_000,
        )
        with self._books.store.transaction():
            self._books.store.put(dispute, key=dispute.id, account=dispute.account, reference=intent.id)
            self._books.tell(session, "charge.dispute.created", objects.dispute_view(dispute))
            self._books.tell(session, "charge.dispute.funds_withdrawn", objects.dispute_view(dispute))
        return dispute

    def decide(self, dispute: Dispute, status: DisputeStatus) -> Dispute:
        session = self._books.session_of_intent(dispute.intent)
        decided = replace(dispute, status=status)
        with self._books.store.transaction():
            self._books.store.put(decided, key=decided.id, account=decided.account, reference=decided.intent)
            kind = "charge.dispute.closed" if status in {"won", "lost"} else "charge.dispute.updated"
            self._books.tell(session, kind, objects.dispute_view(decided))
            if status == "won":
                self._books.tell(session, "charge.dispute.funds_reinstated", objects.dispute_view(decided))
        return decided

    def waited(self, refund: Refund) -> None:
        """Inside a transaction."""
        session = self._books.session_of_intent(refund.intent)
        status = session.intent.refunds_wait if session.intent else None
        if status is not None:
            failure = "lost_or_stolen_card" if status == "failed" else None
            self._ended(replace(refund, status=status, failure_reason=failure))

    def _ended(self, refund: Refund) -> Refund:
        self._keep(refund, due_ms=None)
        kind = "refund.failed" if refund.status == "failed" else "refund.updated"
        self._books.tell(self._books.session_of_intent(refund.intent), kind, objects.refund_view(refund))
        return refund

    def _keep(self, refund: Refund, *, due_ms: int | None) -> None:
        row = self._books.store.put(
            refund, key=refund.id, account=refund.account, reference=refund.intent, due_ms=due_ms
        )
        if due_ms is not None:
            self._books.schedule(due_ms, row)
