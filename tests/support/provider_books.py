"""The books of simulated providers, filled at once before their processes start."""

from pathlib import Path
from typing import Any, Final

from deploy.simulators.process.documents import DocumentStore
from deploy.simulators.sandbox import records as sandbox
from deploy.simulators.sandbox.store import Store as SandboxStore
from deploy.simulators.stripe import records as stripe
from services.checkout.providers.stripe.wire import REFERENCE
from tests.support.both_books import BothBooks, Entry

SANDBOX_KEY: Final = "sk_sandbox_of_the_reconciliation"
STRIPE_KEY: Final = "sk_test_of_the_reconciliation"
IN_STRIPES_UNIT: Final = {"UGX": 100}
_NEVER_MS: Final = 4_102_444_800_000


def fill_sandbox(folder: Path, account: str, books: BothBooks) -> None:
    """Its accounts cannot have two payments of one reference: it has no duplicates."""
    store = SandboxStore(folder)
    with store.transaction():
        store.put_account(sandbox.Account(account, "reconciliation", "Books", SANDBOX_KEY, "pk_sandbox_books", "whsec"))
        for one in books.theirs.values():
            store.insert_payment(_sandbox_payment(one, account))
        for one in books.refunds_theirs.values():
            store.insert_refund(_sandbox_refund(one, account))
    store.checkpoint()
    store.close()


def _sandbox_payment(one: Entry, account: str) -> sandbox.Payment:
    return sandbox.Payment(
        id=one.provider_id,
        account=account,
        reference=one.reference,
        status="failed" if one.status == "expired" else _said(one),
        amount=one.amount,
        currency=one.currency,
        method="card",
        failure_code="expired" if one.status == "expired" else None,
        created_ms=_ms(one),
        updated_ms=_ms(one),
    )


def _sandbox_refund(one: Entry, account: str) -> sandbox.Refund:
    return sandbox.Refund(
        id=one.provider_id,
        account=account,
        payment=one.payment or "",
        reference=one.reference,
        amount=one.amount,
        currency=one.currency,
        status=_said(one),
        created_ms=_ms(one),
        updated_ms=_ms(one),
    )


def fill_stripe(folder: Path, account: str, books: BothBooks) -> None:
    """Also what is no business of ours: sessions and refunds of a shop that uses the same account."""
    store = DocumentStore(folder, name="stripe")
    with store.transaction():
        store.put(stripe.Account(id=account, name="Books", secret_key=STRIPE_KEY), key=account, account=account)
        for one in sorted(books.theirs.values(), key=lambda one: one.at):
            _stripe_session(store, one, account)
        for one in sorted(books.refunds_theirs.values(), key=lambda one: one.at):
            _stripe_refund(store, one, account)
        other = next(one for one in books.theirs.values() if one.status == "succeeded")
        foreign = Entry("cs_foreign", "order-17", 900, "USD", "succeeded", other.at)
        _stripe_session(store, foreign, account, is_ours=False)
        given = Entry("re_foreign", "order-17", 900, "USD", "succeeded", other.at, payment="cs_foreign")
        _stripe_refund(store, given, account, is_ours=False)
    store.checkpoint()
    store.close()


def _stripe_session(store: DocumentStore, one: Entry, account: str, *, is_ours: bool = True) -> None:
    times = IN_STRIPES_UNIT.get(one.currency, 1)
    created = int(one.at.timestamp())
    paid = one.status == "succeeded"
    intent_id = f"pi_{one.provider_id}"
    metadata = {REFERENCE: one.reference} if is_ours else {"shop": "another"}
    session = stripe.Session(
        id=one.provider_id,
        account=account,
        status="complete" if paid else "expired" if one.status == "expired" else "open",
        payment_status="paid" if paid else "unpaid",
        amount=one.amount * times,
        currency=one.currency.lower(),
        name="Coffee",
        client_reference_id=one.reference,
        customer_email=None,
        success_url="https://pay.example.com/sent",
        cancel_url=None,
        metadata=metadata,
        intent_metadata=metadata,
        created=created,
        expires_at=_NEVER_MS // 1000,
        intent=stripe.Intent(id=intent_id, charge=f"ch_{one.provider_id}", status="succeeded", fee=one.fee * times)
        if paid
        else None,
    )
    store.put(session, key=session.id, account=account, reference=session.client_reference_id)
    if paid:
        store.put(stripe.IntentOf(session.id), key=intent_id, account=account)


def _stripe_refund(store: DocumentStore, one: Entry, account: str, *, is_ours: bool = True) -> None:
    refund = stripe.Refund(
        id=one.provider_id,
        account=account,
        intent=f"pi_{one.payment}",
        charge=f"ch_{one.payment}",
        amount=one.amount * IN_STRIPES_UNIT.get(one.currency, 1),
        currency=one.currency.lower(),
        status=_said(one),
        reason=None,
        metadata={REFERENCE: one.reference} if is_ours and one.reference else {},
        created=int(one.at.timestamp()),
    )
    store.put(refund, key=refund.id, account=account, reference=refund.intent)


def _said(one: Entry) -> Any:
    assert one.status in {"pending", "succeeded", "failed"}, one
    return one.status


def _ms(one: Entry) -> int:
    return int(one.at.timestamp() * 1000)
