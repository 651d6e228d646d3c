"""The pages that a buyer is sent to, and the small ones that stand in for a phone and a bank. No script."""

import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from litestar import Response, get, post
from msgspec import Raw
from msgspec.structs import replace

from deploy.simulators.control.access import HttpRequest
from deploy.simulators.flutterwave.cards import DIGITS, OTP, OUTCOMES, PIN, digits_of, shown
from deploy.simulators.flutterwave.wire import amount_of, refused, transaction_id
from deploy.simulators.ledger.http import Refused, ledger_of
from deploy.simulators.ledger.ledger import AlreadySucceeded
from deploy.simulators.ledger.records import Payment
from deploy.simulators.pages.rendering import Pages, form_of, see_other, stylesheet

PAGES = Pages(Path(__file__).parent / "templates", note="Flutterwave simulator: no real money moves.")
CARD_ERROR = "Use one of the test cards: this is a simulator, and a real card has no business here."


@get("/pay/{token:str}")
async def show_card_page(request: HttpRequest, token: str) -> Response[Any]:
    payment = _payment(request, token)
    return _page("card.html", payment, otp="card" in payment.details) if _payable(request, payment) else _back(payment)


@post("/pay/{token:str}")
async def pay(request: HttpRequest, token: str) -> Response[Any]:
    payment, form = _payment(request, token), await form_of(request)
    if not _payable(request, payment):
        return _back(payment)
    if form.get("do") == "cancel":
        return _back(payment, "cancelled")
    if "card" in payment.details:
        return _otp_given(request, payment, form.get("otp", ""))
    number = digits_of(form.get("number", ""))
    if len(number) not in DIGITS or number not in OUTCOMES:
        return _page("card.html", payment, otp=False, error=CARD_ERROR)
    ledger, why = ledger_of(request), OUTCOMES[number]
    tried = replace(payment, status="pending", details=payment.details | {"card": shown(number)})
    if why == "3DS" or (why is None and form.get("pin") == PIN):
        return _page("card.html", ledger.change(tried), otp=True)
    failed = ledger.settle(ledger.change(tried), "failed", why or "Incorrect PIN")
    return _after_failure(request, failed)


def _otp_given(request: HttpRequest, payment: Payment, otp: str) -> Response[Any]:
    ledger = ledger_of(request)
    if otp != OTP:
        return _after_failure(request, ledger.settle(payment, "failed", "Incorrect OTP"))
    return _back(ledger.settle(payment, "succeeded"))


def _after_failure(request: HttpRequest, payment: Payment) -> Response[Any]:
    """Another try on this page, if there is one left."""
    tries = payment.details.get("tries", 0) + 1
    details = {name: value for name, value in payment.details.items() if name != "card"} | {"tries": tries}
    if tries >= payment.details["tries_max"]:
        details = payment.details | {"tries": tries}
    payment = ledger_of(request).change(replace(payment, details=details))
    if _payable(request, payment):
        return _page("card.html", payment, otp=False, error=f"{payment.reason}. Try again.")
    return _back(payment)


def _payable(request: HttpRequest, payment: Payment) -> bool:
    said = payment.details
    left = said.get("tries", 0) < said["tries_max"]
    return payment.status != "succeeded" and left and ledger_of(request).now_ms() < said["closes_ms"]


@get("/confirm/{token:str}")
async def show_confirm(request: HttpRequest, token: str) -> Response[Any]:
    payment = _payment(request, token)
    return _page("decide.html", payment, kind="confirm") if payment.status in {"open", "pending"} else _back(payment)


@post("/confirm/{token:str}")
async def confirm(request: HttpRequest, token: str) -> Response[Any]:
    """The payer of mobile money in Uganda and Rwanda, where the operator asks on a page."""
    return await _decided(request, _payment(request, token))


@get("/phone/{code:str}")
async def show_phone(request: HttpRequest, code: str) -> Response[Any]:
    """The phone of somebody who dials the code with these last six digits."""
    return _page("decide.html", _waiting(request, "code", code), kind="phone")


@post("/phone/{code:str}")
async def dial(request: HttpRequest, code: str) -> Response[Any]:
    return await _decided(request, _waiting(request, "code", code))


@get("/bank/{number:str}")
async def show_bank(request: HttpRequest, number: str) -> Response[Any]:
    """The bank's app of somebody who sends money to this account."""
    return _page("bank.html", _waiting(request, "account", number))


@post("/bank/{number:str}")
async def send_money(request: HttpRequest, number: str) -> Response[Any]:
    payment, ledger = _waiting(request, "account", number), ledger_of(request)
    try:
        typed = (await form_of(request)).get("amount", "").strip()
        sent = amount_of(Raw(typed.encode()), payment.currency)
    except Refused:
        return _page("bank.html", payment, error="Write an amount, such as 1500.50.")
    payment = ledger.change(replace(payment, details=payment.details | {"paid": sent}))
    return _page("done.html", ledger.settle(payment, "succeeded"))


async def _decided(request: HttpRequest, payment: Payment) -> Response[Any]:
    ledger, said = ledger_of(request), (await form_of(request)).get("do")
    try:
        if said == "approve":
            payment = ledger.settle(payment, "succeeded")
        elif said == "decline":
            payment = ledger.settle(payment, "failed", "Transaction cancelled by customer")
    except AlreadySucceeded:
        pass
    return _back(payment, "cancelled" if payment.status == "open" else None)


def _payment(request: HttpRequest, token: str) -> Payment:
    """Raises: Refused: 404. Whoever knows the address may act on it, as with any provider."""
    secret, _, row = token.rpartition(".")
    payment = ledger_of(request).store.payment(int(row) if row.isascii() and row.isdigit() and len(row) < 16 else 0)  # noqa: PLR2004
    if payment is None or not secrets.compare_digest(str(payment.details["token"]).encode(), secret.encode()):
        raise refused("No such page", 404)
    return payment


def _waiting(request: HttpRequest, field: str, value: str) -> Payment:
    """The latest payment with this code or account. Raises: Refused: 404."""
    kind = "ussd" if field == "code" else "bank_transfer"
    ending = f"*{value}#" if field == "code" else value
    listed = ledger_of(request).store.payments(None, after=0, limit=10_000)
    for payment in reversed(listed):
        if payment.method == kind and str(payment.details[field]).endswith(ending) and len(value) >= 6:  # noqa: PLR2004
            return payment
    raise refused("No such code or account", 404)


def _back(payment: Payment, status: str | None = None) -> Response[Any]:
    """303 to the shop with what a buyer's browser is told, which proves nothing."""
    if payment.return_url is None:
        return _page("done.html", payment)
    outcome = status or {"succeeded": "successful", "failed": "failed"}.get(payment.status, "pending")
    query = {"status": outcome, "tx_ref": payment.reference}
    if payment.status != "open":
        query["transaction_id"] = str(transaction_id(payment))
    joint = "&" if "?" in payment.return_url else "?"
    return see_other(f"{payment.return_url}{joint}{urlencode(query)}")


def _page(template: str, payment: Payment, *, error: str | None = None, **context: Any) -> Response[Any]:
    leads_to = [payment.return_url] if payment.return_url else []
    shown = {"payment": payment, "error": error, "otp": False, "kind": ""} | context
    return PAGES.page(template, status=422 if error else 200, leads_to=leads_to, **shown)


PAGE_ROUTES = [show_card_page, pay, show_confirm, confirm, show_phone, dial, show_bank, send_money, stylesheet]
