"""The simulated Wave itself: businesses, sessions, and the events that tell what becomes of them.

Every method here is synchronous and runs on the event loop, so each is atomic against the others; what it changes is
committed before it returns.
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from deploy.simulators.callbacks.faults import Faults
from deploy.simulators.callbacks.outgoing import Outgoing
from deploy.simulators.callbacks.records import Callback
from deploy.simulators.process.documents import DocumentStore
from deploy.simulators.process.moments import rfc3339
from deploy.simulators.wave.problems import WaveError, missing
from deploy.simulators.wave.records import Business, PaymentFailure, Session
from deploy.simulators.wave.wire import SessionRequest, session_view

EXPIRES_AFTER_MS = 30 * 60 * 1_000
replace = msgspec.structs.replace


def new_id(prefix: str) -> str:
    return prefix + secrets.token_hex(8)


class Provider:
    def __init__(
        self, store: DocumentStore, outgoing: Outgoing[Faults], *, url: str, now_ms: Callable[[], int]
    ) -> None:
        self.store = store
        self.outgoing = outgoing
        self.url = url
        self.now_ms = now_ms
        self.schedule: Callable[[int, int], None] = lambda _due_ms, _row: None
        self._businesses: dict[str, Business] = {}
        self._by_key: dict[bytes, str] = {}
        for business in store.all(Business):
            self._remember(business)

    def resume(self) -> int:
        due = self.store.due()
        for row, due_ms in due:
            self.schedule(due_ms, row)
        return len(due)

    # Businesses

    def open(
        self, api_key: str, name: str, *, webhook_url: str | None = None, signed_by: Sequence[str] = ()
    ) -> Business:
        """The business of this key. What is not given stays as it is; a webhook without a secret gets one."""
        known = self.by_key(api_key)
        business = replace(known, name=name) if known else Business(id=new_id("M_"), name=name, api_key=api_key)
        if webhook_url is not None:
            made = tuple(signed_by) or business.secrets or (f"wave_sn_WHS_{secrets.token_hex(16)}",)
            business = replace(business, webhook_url=webhook_url, secrets=made)
        self.store.put(business, key=business.id, account=business.id)
        self._remember(business)
        return business

    def by_key(self, api_key: str) -> Business | None:
        """Found by digest, so that timing tells nothing of a key."""
        business_id = self._by_key.get(hashlib.sha256(api_key.encode()).digest())
        return self._businesses[business_id] if business_id else None

    def business(self, business_id: str) -> Business | None:
        return self._businesses.get(business_id)

    # Sessions

    def session(self, session_id: str, business: Business | None = None) -> Session:
        """Raises: WaveError: 404, also for a session of another business."""
        session = self.store.get(Session, session_id)
        if session is None or (business is not None and session.business != business.id):
            raise missing()
        return session

    def create(self, business: Business, asked: SessionRequest) -> Session:
        """A new one each time: Wave does not mind that a reference was used before."""
        now_ms = self.now_ms()
        session = Session(
            id=new_id("cos-"),
            business=business.id,
            amount=asked.amount,
            currency=asked.currency,
            client_reference=asked.client_reference,
            success_url=asked.success_url,
            error_url=asked.error_url,
            restrict_payer_mobile=asked.restrict_payer_mobile,
            created_ms=now_ms,
            expires_ms=now_ms + EXPIRES_AFTER_MS,
        )
        self.schedule(session.expires_ms, self._put(session))
        return session

    def pay(self, session: Session) -> Session:
        """Raises: WaveError: 409, it is over."""
        self._require(session.payment_status == "processing" or session.checkout_status == "expired")
        paid = replace(
            session,
            checkout_status="complete",
            payment_status="succeeded",
            transaction_id=session.transaction_id or f"T{secrets.token_hex(5).upper()}",
            charged=session.charged + 1,
            failure=None,
            completed_ms=self.now_ms(),
        )
        with self.store.transaction():
            self._put(paid)
            self._tell(paid, "checkout.session.completed", self.view(paid))
            self._tell(paid, "merchant.payment_received", self._received(paid))
        return paid

    def fail(self, session: Session, failure: PaymentFailure) -> Session:
        """An attempt fails, and the page stays payable. Slow money that does not come ends it.

        Raises:
            WaveError: 409, it is over.
        """
        self._require(session.payment_status == "processing")
        failed = replace(session, failure=failure)
        if session.checkout_status == "complete":
            failed = replace(failed, payment_status="cancelled")
        with self.store.transaction():
            self._put(failed)
            self._tell(failed, "checkout.session.payment_failed", self.view(failed))
        return failed

    def process(self, session: Session) -> Session:
        """The payer has approved, and the money takes its time. Raises: WaveError: 409, it is over."""
        self._require(session.checkout_status == "open")
        slow = replace(session, checkout_status="complete")
        self._put(slow)
        return slow

    def expire(self, session: Session) -> Session:
        """Raises: WaveError: 409, it is complete or has expired."""
        self._require(session.checkout_status == "open")
        expired = replace(session, checkout_status="expired", payment_status="cancelled", completed_ms=self.now_ms())
        self._put(expired)
        return expired

    def refund(self, session: Session) -> Session:
        """All of it, once: asking again changes nothing. Raises: WaveError: 400, nothing was paid."""
        if session.refunded_ms is not None:
            return session
        if session.payment_status != "succeeded":
            raise WaveError(400, "checkout-refund-failed", "Only a payment that has succeeded can be refunded.")
        refunded = replace(session, refunded_ms=self.now_ms())
        self._put(refunded)
        return refunded

    def take_due(self, rows: Sequence[int]) -> None:
        with self.store.transaction():
            for row in rows:
                found = self.store.of_row(row)
                if found is None or found[2] is None:
                    continue
                if found[2] > self.now_ms():
                    self.schedule(found[2], row)
                elif (session := self.store.get(Session, found[1])) and session.checkout_status == "open":
                    self.expire(session)

    def test_event(self, business: Business) -> None:
        """What the button in Wave's portal sends."""
        self._send(business, "test.test_event", {"test_key": "test_value"}, payment="")

    def view(self, session: Session) -> dict[str, Any]:
        business = self._businesses[session.business]
        return session_view(session, business, url=self.url)

    def _received(self, session: Session) -> dict[str, Any]:
        return {
            "id": session.transaction_id,
            "amount": session.amount,
            "currency": session.currency,
            "fee": "0",
            "sender_mobile": session.restrict_payer_mobile or "+221770000000",
            "when_created": rfc3339(self.now_ms()),
        }

    def _require(self, allowed: bool) -> None:  # noqa: FBT001 - its only argument
        if not allowed:
            raise WaveError(409, "checkout-session-not-open", "The checkout session is complete or has expired.")

    def _put(self, session: Session) -> int:
        due_ms = session.expires_ms if session.checkout_status == "open" else None
        return self.store.put(
            session, key=session.id, account=session.business, reference=session.client_reference, due_ms=due_ms
        )

    def _tell(self, session: Session, kind: str, data: dict[str, Any]) -> None:
        business = self._businesses[session.business]
        self._send(business, kind, data, payment=session.id)

    def _send(self, business: Business, kind: str, data: dict[str, Any], *, payment: str) -> None:
        if business.webhook_url is None:
            return
        now_ms, event_id = self.now_ms(), f"EV_{secrets.token_hex(8)}"
        callback = Callback(
            event_id=event_id,
            payment=payment,
            account=business.id,
            type=kind,
            url=business.webhook_url,
            body=msgspec.json.encode({"id": event_id, "type": kind, "data": data}),
            created_ms=now_ms,
            due_ms=now_ms,
        )
        self.outgoing.send([callback])

    def _remember(self, business: Business) -> None:
        self._businesses[business.id] = business
        self._by_key[hashlib.sha256(business.api_key.encode()).digest()] = business.id
