"""Opening, paying and reading a session over JSON."""

import hashlib
import re
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Request, get, post
from litestar.response.base import ASGIResponse

from services.checkout.domain.means import ByBankTransfer, ByCardToken, ByPhone, ByRedirect, ByUssd, Means
from services.checkout.domain.session import Address, SessionState
from services.checkout.use_cases.checkout import Checkout
from services.checkout.use_cases.open_session import Details, Idempotency
from services.checkout.web.api_mapping import opened_out, session_out
from services.checkout.web.api_wire import ENCODER, OPEN_SESSION, PAY, AddressBody, OpenSessionBody, PayBody
from shared.contracts.checkout import CustomerView
from shared.contracts.links import Method
from shared.kernel.answer import key_of
from shared.kernel.faults import Invalid
from shared.kernel.text import has_control_characters, looks_like_card_number
from shared.runtime.body import decode
from shared.runtime.http import ReadyAnswer, encoded

HttpRequest = Request[Any, Any, Any]
TOKEN_COOKIE: Final = "paylinks_session"  # noqa: S105 - its name
"""Read for GET only: pages set it on the path of their session, since a browser's EventSource sends no headers."""

_PRIVATE: Final = {"cache-control": "private, no-store"}
_GOES_WITH: Final[dict[str, Method]] = {"phone": "mobile_money", "card_token": "card", "bank": "ussd"}
_CLIENT: Final = re.compile(r"[\x21-\x7e]{16,128}")


def routes(checkout: Checkout) -> list[Any]:
    @post("/v1/checkout/{slug:str}/sessions")
    async def open_session(request: HttpRequest, slug: str) -> ASGIResponse:
        raw = await request.body()
        body = decode(raw or b"{}", OPEN_SESSION)
        details = msgspec.structs.replace(_details(body), gate_token=bearer(request))
        client_ip = request.scope["state"]["client_ip"]
        checkout.limit_addresses(details.customer.email, details.customer.phone, client_ip=client_ip)
        idempotency = _idempotency(request, slug, raw)
        with checkout.limit_addresses.guessing(details.coupon_code, client_ip=client_ip):
            opened = await checkout.open_session(slug, details, now=checkout.clock(), idempotency=idempotency)
        methods = await checkout.routing.methods(opened.session.link, opened.session.total.currency)
        headers = _PRIVATE | ({"idempotent-replayed": "true"} if opened.replayed else {})
        return _json(opened_out(opened.session, checkout.tokens, methods=methods), 201, headers=headers)

    @post("/v1/checkout/sessions/{session_id:uuid}/pay")
    async def pay(request: HttpRequest, session_id: UUID) -> ASGIResponse:
        checkout.tokens.require(session_id, bearer(request))
        means = means_of(decode(await request.body(), PAY))
        client_ip = request.scope["state"]["client_ip"]
        if isinstance(means, ByPhone):
            checkout.limit_addresses(means.phone, client_ip=client_ip)
        started = await checkout.start_charge(session_id, means, client_ip=client_ip)
        status = 200 if started.state.session.status == "paid" and started.joined else 202
        return _json(await state_out(checkout, started.state), status)

    @post("/v1/checkout/sessions/{session_id:uuid}/call-off", status_code=200)
    async def call_off(request: HttpRequest, session_id: UUID) -> ASGIResponse:
        checkout.tokens.require(session_id, bearer(request))
        return _json(await state_out(checkout, await checkout.call_off(session_id)), 200)

    @get("/v1/checkout/sessions/{session_id:uuid}")
    async def read_session(request: HttpRequest, session_id: UUID) -> ASGIResponse:
        checkout.tokens.require(session_id, bearer(request) or request.cookies.get(TOKEN_COOKIE))
        return _json(await state_out(checkout, await checkout.read_session(session_id)), 200)

    return [open_session, pay, call_off, read_session]


async def state_out(checkout: Checkout, state: SessionState) -> Any:
    methods = await checkout.routing.methods(state.session.link, state.session.total.currency)
    return session_out(state, checkout.tokens, methods=methods, now=checkout.clock())


def bearer(request: HttpRequest) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def means_of(body: PayBody) -> Means:
    """Raises: Invalid: fields that the method does not go with."""
    for field, method in _GOES_WITH.items():
        if getattr(body, field) is not None and body.method != method:
            raise Invalid(field, f"goes with the method {method} only")
    match body.method:
        case "mobile_money":
            if body.phone is None:
                raise Invalid("phone", "mobile money needs a phone number")
            return ByPhone(body.phone)
        case "card":
            return ByRedirect() if body.card_token is None else ByCardToken(body.card_token)
        case "ussd":
            return ByUssd(body.bank)
        case "bank_transfer":
            return ByBankTransfer()


def _details(body: OpenSessionBody) -> Details:
    customer = body.customer
    for field, text in (("customer.email", customer.email), ("customer.name", customer.name)):
        _require_clean(field, text)
    return Details(
        customer=CustomerView(email=customer.email, name=customer.name, phone=customer.phone),
        address=_address(body.address) if body.address else None,
        amount_minor=body.amount_minor,
        currency=body.currency,
        coupon_code=body.coupon_code,
        locale=body.locale,
    )


def _address(body: AddressBody) -> Address:
    for field in ("line1", "line2", "city", "region", "postal_code"):
        _require_clean(f"address.{field}", getattr(body, field))
    return Address(
        line1=body.line1,
        city=body.city,
        country=body.country,
        line2=body.line2,
        region=body.region,
        postal_code=body.postal_code,
    )


def _require_clean(field: str, text: str | None) -> None:
    """Raises: Invalid: a card number or control characters, neither of which we keep."""
    if text is None:
        return
    if has_control_characters(text) or "\n" in text or "\r" in text:
        raise Invalid(field, "must be one line of plain text")
    if looks_like_card_number(text):
        raise Invalid(field, "looks like a card number; never send one here")


def _idempotency(request: HttpRequest, slug: str, raw: bytes) -> Idempotency | None:
    key = key_of(request.headers.get("idempotency-key"))
    if key is None:
        return None
    fingerprint = hashlib.sha256(f"POST {slug}\n".encode() + raw).digest()
    return Idempotency(key, fingerprint, _client(request))


def _client(request: HttpRequest) -> str:
    """Whose key it is. Anybody may guess `order-1`, and must not be given another buyer's session for it.

    A client that names itself by a random `Client-Nonce` is known by that, from wherever it asks; else its address
    tells. Taken for a stranger by mistake, it opens one session more, which costs nobody anything.
    """
    nonce = request.headers.get("client-nonce")
    if nonce is not None and not _CLIENT.fullmatch(nonce):
        raise Invalid("Client-Nonce", "16 to 128 printable ASCII characters without spaces")
    known_by = f"nonce {nonce}" if nonce else f"address {request.scope['state']['client_ip']}"
    return hashlib.sha256(known_by.encode()).hexdigest()[:32]


def _json(body: object, status: int, *, headers: dict[str, str] = _PRIVATE) -> ASGIResponse:
    return ReadyAnswer(ENCODER.encode(body), status=status, headers=encoded(headers))
