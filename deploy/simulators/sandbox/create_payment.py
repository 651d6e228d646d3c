"""Creating a payment: once per idempotency key, once per reference."""

import hashlib
import re
import secrets

import msgspec

from deploy.simulators.sandbox.lifecycle import dial, prompt, transfer, with_card
from deploy.simulators.sandbox.outcomes import Outcome, TestCard, amount_outcome, phone_outcome
from deploy.simulators.sandbox.problems import ApiError, refused
from deploy.simulators.sandbox.provider import Provider, new_id
from deploy.simulators.sandbox.records import Account, Payment, Redirect
from deploy.simulators.sandbox.wire import PaymentRequest, check_payment, payment_view

HANG_MS = 15_000
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_canonical = msgspec.json.Encoder(order="sorted").encode
_encode = msgspec.json.Encoder().encode
# A card without a token: nothing happens until the buyer gives one on the hosted page.
_WAIT_FOR_CARD = Outcome("authenticate")


class Created(msgspec.Struct, frozen=True):
    answer: bytes
    replayed: bool = False
    hang_ms: int = 0


def create_payment(provider: Provider, account: Account, request: PaymentRequest, *, key: str | None) -> Created:
    """Raises: ApiError: 400 for a bad request, 409 idempotency_mismatch or reference_exists, 500 by magic number."""
    check_payment(request)
    if key is None or not _KEY.fullmatch(key):
        raise refused("idempotency_key_required", "Send an Idempotency-Key of 1 to 255 visible ASCII characters.")
    magic = _magic(request)
    if provider.spend_create_fault() or (magic and magic.create_fault == "answer_500"):
        raise ApiError(500, "internal_error", "Something went wrong on our side. Nothing was stored.")
    fingerprint = hashlib.sha256(_canonical(request)).digest()
    store = provider.store
    with store.transaction():
        if stored := store.answer(account.id, key):
            return _replayed(stored, fingerprint)
        if store.payment_by_reference(account.id, request.reference):
            raise ApiError(409, "reference_exists", "A payment with this reference exists.", param="reference")
        card = provider.spend_token(account.id, request.card_token) if request.card_token else None
        outcome = magic or (card.outcome if card else _WAIT_FOR_CARD)
        payment = _new_payment(provider, account, request, card=card, outcome=outcome)
        payment = provider.begin(payment, outcome)
        answer = _encode(payment_view(payment))
        store.insert_answer(account.id, key, fingerprint=fingerprint, answer=answer, now_ms=payment.created_ms)
    return Created(answer, hang_ms=HANG_MS if outcome.create_fault == "hang" else 0)


def _magic(request: PaymentRequest) -> Outcome | None:
    match request.method:
        case "mobile_money":
            return phone_outcome(request.phone or "")
        case "ussd" | "bank_transfer":
            return amount_outcome(request.amount)
        case "card":
            return None


def _replayed(stored: tuple[bytes, bytes], fingerprint: bytes) -> Created:
    if stored[0] != fingerprint:
        raise ApiError(409, "idempotency_mismatch", "This Idempotency-Key was used with another body.")
    return Created(stored[1], replayed=True)


def _new_payment(
    provider: Provider, account: Account, request: PaymentRequest, *, card: TestCard | None, outcome: Outcome
) -> Payment:
    now_ms, url = provider.now_ms(), provider.settings.url
    payment_id = new_id("pay_")
    payment = Payment(
        id=payment_id,
        account=account.id,
        reference=request.reference,
        status="pending",
        amount=request.amount,
        currency=request.currency,
        method=request.method,
        phone=request.phone,
        created_ms=now_ms,
        updated_ms=now_ms,
        callback_style=outcome.callbacks,
        callback_url=request.callback_url,
        return_url=request.return_url,
        description=request.description,
        metadata=request.metadata,
    )
    if request.method == "mobile_money" and request.phone:
        return msgspec.structs.replace(payment, next_action=prompt(request.phone, now_ms))
    number = str(10**9 + secrets.randbelow(9 * 10**9))
    if request.method == "ussd":
        return msgspec.structs.replace(payment, next_action=dial(request.bank, number[:6], now_ms))
    if request.method == "bank_transfer":
        return msgspec.structs.replace(payment, next_action=transfer(payment, number))
    if card:
        carded = with_card(payment, card.card, outcome=outcome, url=url, now_ms=now_ms)
        return msgspec.structs.replace(carded, version=payment.version)
    page = Redirect(f"{url}/pay/{payment_id}")
    return msgspec.structs.replace(payment, status="requires_action", stage="card", next_action=page)
