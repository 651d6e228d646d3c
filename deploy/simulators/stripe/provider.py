"""The simulated Stripe itself: sessions, what becomes of them, and the events that tell it.

Every method here is synchronous and runs on the event loop, so each is atomic against the others; what it changes is
committed before it returns.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import msgspec

from deploy.simulators.callbacks.faults import Faults
from deploy.simulators.callbacks.outgoing import Outgoing
from deploy.simulators.callbacks.records import Callback
from deploy.simulators.process.documents import DocumentStore
from deploy.simulators.stripe import money, objects
from deploy.simulators.stripe.accounts import Accounts, new_id
from deploy.simulators.stripe.cards import AUTHENTICATION_FAILED, TestCard
from deploy.simulators.stripe.parameters import CreateSession
from deploy.simulators.stripe.problems import missing, refused
from deploy.simulators.stripe.records import (
    Account,
    Failure,
    Intent,
    IntentOf,
    Refund,
    Session,
)
from deploy.simulators.stripe.refunds import Refunds

EXPIRES_AFTER_MIN = 30 * 60
EXPIRES_AFTER_MAX = 24 * 60 * 60
replace = msgspec.structs.replace


class Provider:
    def __init__(
        self,
        store: DocumentStore,
        outgoing: Outgoing[Faults],
        accounts: Accounts,
        *,
        url: str,
        now_ms: Callable[[], int],
    ) -> None:
        self.store = store
        self.outgoing = outgoing
        self.accounts = accounts
        self.url = url
        self.now_ms = now_ms
        self.refunds = Refunds(self)
        self.schedule: Callable[[int, int], None] = lambda _due_ms, _row: None

    def resume(self) -> int:
        due = self.store.due()
        for row, due_ms in due:
            self.schedule(due_ms, row)
        return len(due)

    # Sessions

    def session(self, session_id: str, account: Account | None = None) -> Session:
        """Raises: StripeError: 404, also for a session of another account."""
        session = self.store.get(Session, session_id)
        if session is None or (account is not None and session.account != account.id):
            raise missing("checkout.session", session_id)
        return session

    def session_of_intent(self, intent_id: str, account: Account | None = None) -> Session:
        """Raises: StripeError: 404."""
        link = self.store.get(IntentOf, intent_id)
        if link is None:
            raise missing("payment_intent", intent_id)
        return self.session(link.session, account)

    def create(self, account: Account, asked: CreateSession) -> Session:
        """Raises: StripeError: 400. Inside a transaction."""
        now = self.now_ms() // 1_000
        currencies = {item.price_data.currency.lower() for item in asked.line_items}
        if len(currencies) != 1:
            raise refused("All line items must have the same currency.", param="line_items")
        currency = currencies.pop()
        for position, item in enumerate(asked.line_items):
            name = f"line_items[{position}][price_data][unit_amount]"
            money.check_amount(item.price_data.unit_amount, currency, param=name)
        amount = sum(item.price_data.unit_amount * item.quantity for item in asked.line_items)
        money.check_amount(amount, currency, param="line_items[0][price_data][unit_amount]")
        expires_at = now + EXPIRES_AFTER_MAX if asked.expires_at is None else asked.expires_at
        if not EXPIRES_AFTER_MIN <= expires_at - now <= EXPIRES_AFTER_MAX:
            raise refused(
                "The `expires_at` timestamp must be from 30 minutes to 24 hours after the session's creation.",
                param="expires_at",
            )
        session = Session(
            id=new_id("cs_test_"),
            account=account.id,
            amount=amount,
            currency=currency,
            name=asked.line_items[0].price_data.product_data.name,
            client_reference_id=asked.client_reference_id,
            customer_email=asked.customer_email,
            success_url=asked.success_url,
            cancel_url=asked.cancel_url,
            metadata=asked.metadata,
            intent_metadata=asked.payment_intent_data.metadata,
            created=now,
            expires_at=expires_at,
        )
        self._keep(session)
        return session

    def expire(self, session: Session) -> Session:
        """Raises: StripeError: 400, it is not open any more. Inside a transaction."""
        if session.status != "open":
            raise refused(
                'Only Checkout Sessions with a status in ["open"] can be expired.'
                f" This Checkout Session has a status of `{session.status}`."
            )
        return self._expired(session)

    def pay(self, session: Session, card: TestCard, *, last4: str) -> Session:
        """The buyer gave a card on the page of an open session."""
        base = session.intent or Intent(id=new_id("pi_"), charge=None, status="requires_payment_method")
        intent = replace(base, brand=card.brand, last4=last4, error=None, refunds_wait=card.refunds_wait)
        with self.store.transaction():
            if card.three_ds:
                asking = replace(session, intent=replace(intent, status="requires_action"), three_ds=True)
                return self._keep(asking)
            return self._attempted(session, intent, card.failure)

    def authenticate(self, session: Session, *, approved: bool) -> Session:
        if session.intent is None or not session.three_ds:
            return session
        with self.store.transaction():
            return self._attempted(session, session.intent, None if approved else AUTHENTICATION_FAILED)

    def force(self, session: Session, outcome: Literal["pay", "process", "fail"]) -> Session:
        """What the control API wants. `process`: complete, and the money takes its time; then `pay` or `fail` it.

        Raises:
            StripeError: 400, it is paid or expired.
        """
        waits = session.status == "complete" and session.payment_status == "unpaid"
        if session.status != "open" and not waits:
            raise refused("This session is paid or expired: nothing can be forced on it.")
        intent = session.intent or Intent(
            id=new_id("pi_"), charge=None, status="requires_payment_method", brand="visa", last4="4242"
        )
        failure = Failure("card_declined", "generic_decline", "Your card was declined.")
        with self.store.transaction():
            if outcome == "process":
                asking = replace(session, status="complete", intent=replace(intent, status="processing"))
                kept = self._keep(asking)
                self.tell(kept, "payment_intent.processing", self._intent_view(kept))
                self.tell(kept, "checkout.session.completed", self.view(kept))
                return kept
            return self._attempted(session, intent, failure if outcome == "fail" else None)

    def take_due(self, rows: Sequence[int]) -> None:
        with self.store.transaction():
            for row in rows:
                found = self.store.of_row(row)
                if found is None or found[2] is None:
                    continue
                if found[2] > self.now_ms():
                    self.schedule(found[2], row)
                elif found[0] == "Session":
                    session = self.store.get(Session, found[1])
                    if session and session.status == "open":
                        self._expired(session)
                elif refund := self.store.get(Refund, found[1]):
                    self.refunds.waited(refund)

    def view(self, session: Session, expand: frozenset[str] = frozenset()) -> dict[str, Any]:
        refunds = self.refunds.of(session.account, session.intent.id) if session.intent else ()
        return objects.session_view(session, url=self.url, expand=expand, refunds=refunds)

    def _expired(self, session: Session) -> Session:
        intent = replace(session.intent, status="canceled") if session.intent else None
        expired = self._keep(replace(session, status="expired", three_ds=False, intent=intent))
        self.tell(expired, "checkout.session.expired", self.view(expired))
        return expired

    def _attempted(self, session: Session, intent: Intent, failure: Failure | None) -> Session:
        """A card was tried, or slow money has come or not."""
        was_slow = session.status == "complete"
        if failure is not None:
            failed = replace(intent, status="requires_payment_method", error=failure)
            kept = self._keep(replace(session, intent=failed, three_ds=False))
            self.tell(kept, "payment_intent.payment_failed", self._intent_view(kept))
            if was_slow:
                self.tell(kept, "checkout.session.async_payment_failed", self.view(kept))
            return kept
        paid = replace(
            intent,
            status="succeeded",
            charge=f"ch_{intent.id.removeprefix('pi_')}",
            error=None,
            charged=intent.charged + 1,
            fee=money.fee_of(session.amount, session.currency),
        )
        kept = self._keep(replace(session, status="complete", payment_status="paid", intent=paid, three_ds=False))
        self.tell(kept, "payment_intent.succeeded", self._intent_view(kept))
        fact = "async_payment_succeeded" if was_slow else "completed"
        self.tell(kept, f"checkout.session.{fact}", self.view(kept))
        return kept

    def _keep(self, session: Session) -> Session:
        due_ms = session.expires_at * 1_000 if session.status == "open" else None
        row = self.store.put(
            session, key=session.id, account=session.account, reference=session.client_reference_id, due_ms=due_ms
        )
        if due_ms is not None and session.intent is None:
            self.schedule(due_ms, row)
        if session.intent is not None:
            self.store.put(IntentOf(session.id), key=session.intent.id, account=session.account)
        return session

    def _intent_view(self, session: Session) -> dict[str, Any]:
        assert session.intent is not None
        return objects.intent_view(session, session.intent)

    def tell(self, session: Session, kind: str, shown: dict[str, Any]) -> None:
        """Each endpoint that listens to this kind hears of it."""
        account = self.accounts.by_id(session.account)
        now_ms = self.now_ms()
        view = objects.event_view(new_id("evt_"), kind, shown, created=now_ms // 1_000, key=None)
        body = msgspec.json.encode(view)
        self.outgoing.send(
            Callback(
                event_id=view["id"],
                payment=session.id,
                account=endpoint.id,
                type=kind,
                url=endpoint.url,
                body=body,
                created_ms=now_ms,
                due_ms=now_ms,
            )
            for endpoint in (account.endpoints if account else ())
            if kind in endpoint.events or "*" in endpoint.events
        )
