"""The provider itself: accounts, tokens, payments, and what happens to them.

Every method here is synchronous and runs on the event loop, so each is atomic against the others; what it changes is
committed before it returns.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from deploy.simulators.callbacks.records import Callback
from deploy.simulators.pages.card_form import TypedCard
from deploy.simulators.pages.cards import card_fault
from deploy.simulators.process.scheduler import Scheduler
from deploy.simulators.sandbox.callbacks import Chance, event_callbacks, told_callbacks
from deploy.simulators.sandbox.lifecycle import planned_steps, settle, with_card
from deploy.simulators.sandbox.outcomes import CARDS_BY_NUMBER, CARDS_BY_TOKEN, Outcome, TestCard
from deploy.simulators.sandbox.problems import ApiError, refused
from deploy.simulators.sandbox.records import Account, FailureCode, Faults, Payment, Token
from deploy.simulators.sandbox.settings import Settings
from deploy.simulators.sandbox.store import Store
from deploy.simulators.sandbox.wire import AccountRequest, CallbackRequest, TokenRequest

TOKEN_TTL_MS = 60 * 60 * 1_000
CARD_MESSAGES = {
    "number": "This card number is not valid.",
    "expiry": "This expiry date is not valid.",
    "cvc": "This security code is not valid.",
}
CARD_PARAMS = {"number": "number", "expiry": "exp_year", "cvc": "cvc"}


def new_id(prefix: str) -> str:
    return prefix + secrets.token_hex(14)


class Provider:
    def __init__(self, store: Store, settings: Settings, *, scheduler: Scheduler, now_ms: Callable[[], int]) -> None:
        self.store = store
        self.settings = settings
        self.now_ms = now_ms
        self.faults = store.faults() or Faults(approve_after_ms=settings.approve_after_ms)
        self._chance = Chance(new_id=new_id, below=secrets.randbelow)
        self._accounts: dict[str, Account] = {}
        self._by_key: dict[bytes, Account] = {}
        for account in store.accounts():
            self._remember(account)
        self._schedule_step = scheduler.register(self.take_steps)
        self.schedule_callback: Callable[[int, int], None] = lambda _due_ms, _row: None

    def resume(self) -> int:
        """Schedule the steps that the store says are due; answers how much that is."""
        steps = self.store.all_steps()
        for row, due_ms in steps:
            self._schedule_step(due_ms, row)
        return len(steps)

    # Accounts

    def open_account(self, request: AccountRequest) -> tuple[Account, bool]:
        """The account of this reference, and whether it is new. Its name follows the latest request."""
        reference = str(request.reference)
        known = next((account for account in self._accounts.values() if account.reference == reference), None)
        account = msgspec.structs.replace(known, name=request.name) if known else _new_account(reference, request.name)
        if account != known:
            self.store.put_account(account)
            self._remember(account)
        return account, known is None

    def account(self, account_id: str) -> Account | None:
        return self._accounts.get(account_id)

    def account_by_key(self, key: str) -> Account | None:
        """The account of an API key or a publishable key. Found by digest, so that timing tells nothing of a key."""
        return self._by_key.get(hashlib.sha256(key.encode()).digest())

    def secret_of(self, account_id: str) -> str | None:
        account = self._accounts.get(account_id)
        return account.webhook_secret if account else None

    def _remember(self, account: Account) -> None:
        self._accounts[account.id] = account
        for key in (account.api_key, account.publishable_key):
            self._by_key[hashlib.sha256(key.encode()).digest()] = account

    # Cards

    def test_card(self, request: TokenRequest | TypedCard) -> TestCard:
        """Raises: ApiError: 400, with the field in `param`. No message repeats what was typed."""
        today = datetime.fromtimestamp(self.now_ms() // 1_000, UTC)
        fault = card_fault(
            request.number,
            exp_month=request.exp_month,
            exp_year=request.exp_year,
            cvc=request.cvc,
            today=(today.year, today.month),
        )
        if fault:
            raise refused(f"invalid_{fault}", CARD_MESSAGES[fault], param=CARD_PARAMS[fault])
        if (card := CARDS_BY_NUMBER.get(request.number)) is None:
            # Somebody's real card has no business in a sandbox.
            raise refused("not_a_test_card", "Only test card numbers work here.", param="number")
        return card

    def tokenize(self, account: Account, request: TokenRequest) -> tuple[str, TestCard]:
        card = self.test_card(request)
        token_id = new_id("tok_")
        self.store.insert_token(Token(token_id, account.id, card.token, self.now_ms() + TOKEN_TTL_MS))
        return token_id, card

    def spend_token(self, account: str, token_id: str) -> TestCard:
        """Raises: ApiError: 400, the token is unknown, of another account, used or too old."""
        if literal := CARDS_BY_TOKEN.get(token_id):
            return literal
        token = self.store.token(token_id)
        if token is None or token.account != account:
            raise refused("token_unknown", "No such card token.", param="card_token")
        if token.used or token.expires_ms < self.now_ms():
            raise refused("token_used", "This card token was used before or is too old.", param="card_token")
        self.store.use_token(token_id)
        return CARDS_BY_TOKEN[token.acts_like]

    # Payments

    def begin(self, payment: Payment, outcome: Outcome) -> Payment:
        """Store a new payment with what follows from its outcome. Inside a transaction."""
        self.store.insert_payment(payment)
        return self._follow(payment, outcome)

    def pay_with_card(self, payment: Payment, card: TestCard) -> Payment:
        """The buyer gave a card on the hosted page."""
        now_ms = self.now_ms()
        with self.store.transaction():
            self.store.delete_steps_of(payment.id)
            payment = with_card(payment, card.card, outcome=card.outcome, url=self.settings.url, now_ms=now_ms)
            self.store.update_payment(payment)
            return self._follow(payment, card.outcome)

    def decide(
        self, payment: Payment, status: Literal["succeeded", "failed"], *, failure_code: FailureCode | None
    ) -> Payment:
        """Somebody decided, the buyer or the control API: what was planned no longer happens.

        Raises: ApiError: 409, a succeeded payment does not fail.
        """
        if payment.status == "succeeded" and status == "failed":
            raise ApiError(409, "already_succeeded", "This payment has succeeded. It cannot fail any more.")
        with self.store.transaction():
            self.store.delete_steps_of(payment.id)
            return self._settle(payment, status, failure_code=failure_code, now_ms=self.now_ms())

    def take_steps(self, rows: Sequence[int]) -> None:
        now_ms = self.now_ms()
        with self.store.transaction():
            for row in rows:
                step = self.store.step(row)
                payment = self.store.payment(step.payment) if step else None
                if step is None or payment is None:
                    continue
                if step.due_ms > now_ms:
                    # SQLite gave the row of a cancelled step to a later one.
                    self._schedule_step(step.due_ms, row)
                    continue
                self.store.delete_step(row)
                if payment.status != "succeeded":
                    self._settle(payment, step.status, failure_code=step.failure_code, now_ms=now_ms)

    def tell(self, payment: Payment, request: CallbackRequest) -> list[Callback]:
        """Send callbacks that the control API asked for, whatever faults are in force."""
        if payment.callback_url is None:
            raise refused("no_callback_url", "This payment was made without a callback_url.")
        event_type = request.type or f"payment.{'pending' if not payment.final else payment.status}"
        earlier = self.store.last_callback_of_type(payment.id, event_type)
        told = told_callbacks(payment, request, earlier=earlier, now_ms=self.now_ms(), chance=self._chance)
        with self.store.transaction():
            return self.enqueue(told)

    def set_faults(self, faults: Faults) -> None:
        self.store.put_faults(faults)
        self.faults = faults

    def spend_create_fault(self) -> bool:
        """Whether this create is one of those that were told to fail."""
        if not self.faults.fail_creates:
            return False
        self.set_faults(msgspec.structs.replace(self.faults, fail_creates=self.faults.fail_creates - 1))
        return True

    def _follow(self, payment: Payment, outcome: Outcome) -> Payment:
        now_ms = self.now_ms()
        if outcome.at_once and not payment.stage:
            status = "succeeded" if outcome.course == "succeed" else "failed"
            return self._settle(payment, status, failure_code=outcome.failure_code, now_ms=now_ms)
        steps = planned_steps(payment, outcome, now_ms=now_ms, approve_after_ms=self.faults.approve_after_ms)
        for step in steps:
            self._schedule_step(step.due_ms, self.store.insert_step(step))
        return payment

    def _settle(
        self,
        payment: Payment,
        status: Literal["succeeded", "failed"],
        *,
        failure_code: FailureCode | None,
        now_ms: int,
    ) -> Payment:
        settled = settle(payment, status, failure_code=failure_code, now_ms=now_ms)
        if settled is payment:
            return payment
        self.store.update_payment(settled)
        if status == "succeeded":
            self.store.insert_capture(settled, now_ms)
        self.enqueue(event_callbacks(settled, self.faults, now_ms=now_ms, chance=self._chance))
        return settled

    def enqueue(self, callbacks: Iterable[Callback]) -> list[Callback]:
        stored: list[Callback] = []
        for callback in callbacks:
            row = self.store.insert_callback(callback)
            stored.append(msgspec.structs.replace(callback, row=row))
            if callback.due_ms is not None:
                self.schedule_callback(callback.due_ms, row)
        return stored


def _new_account(reference: str, name: str) -> Account:
    return Account(
        id=new_id("acct_"),
        reference=reference,
        name=name,
        api_key=f"sk_sandbox_{secrets.token_urlsafe(24)}",
        publishable_key=f"pk_sandbox_{secrets.token_urlsafe(24)}",
        webhook_secret=f"whsec_{secrets.token_urlsafe(24)}",
    )
