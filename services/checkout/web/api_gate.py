"""`/v1/checkout/{slug}/otp`: proving an address over JSON."""

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from litestar import Request, post, put
from litestar.response.base import ASGIResponse
from msgspec import Meta, Struct

from services.checkout.use_cases.checkout import Checkout
from services.checkout.use_cases.view_link import require_payable
from services.checkout.web.api_wire import ENCODER, Email
from shared.runtime.body import decode
from shared.runtime.http import ReadyAnswer, encoded

_PRIVATE: Final = {"cache-control": "private, no-store"}


class OtpBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`locale` is the language of the mail; without it, the merchant's."""

    email: Email
    locale: Annotated[str, Meta(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35)] | None = None


class ProofBody(Struct, frozen=True, forbid_unknown_fields=True):
    email: Email
    otp: Annotated[str, Meta(pattern="^[0-9]{6}$")]


class OtpOut(Struct, frozen=True):
    """The same for every address. `resend_at` is when another code may be asked for."""

    resend_at: datetime
    expires_at: datetime


class LinkTokenOut(Struct, frozen=True):
    """Goes along as `Authorization: Bearer` when the link is read and a session is opened."""

    token: str
    expires_at: datetime
    type: Literal["payment_link"] = "payment_link"


_OTP: Final = msgspec.json.Decoder(OtpBody)
_PROOF: Final = msgspec.json.Decoder(ProofBody)


def routes(checkout: Checkout) -> list[Any]:
    @post("/v1/checkout/{slug:str}/otp")
    async def send_code(request: Request[Any, Any, Any], slug: str) -> ASGIResponse:
        body = decode(await request.body(), _OTP)
        now = checkout.clock()
        link = await checkout.view_link(slug, now)
        require_payable(link, now)
        client_ip = request.scope["state"]["client_ip"]
        asked = await checkout.gate.send_code(link, body.email, client_ip=client_ip, locale=body.locale)
        return _json(OtpOut(asked.resend_at, asked.expires_at), 202)

    @put("/v1/checkout/{slug:str}/otp")
    async def exchange_code(request: Request[Any, Any, Any], slug: str) -> ASGIResponse:
        body = decode(await request.body(), _PROOF)
        now = checkout.clock()
        link = await checkout.view_link(slug, now)
        require_payable(link, now)
        client_ip = request.scope["state"]["client_ip"]
        proven = await checkout.gate.exchange(link, body.email, body.otp, client_ip=client_ip)
        return _json(LinkTokenOut(proven.token, proven.expires_at), 200)

    return [send_code, exchange_code]


def _json(body: object, status: int) -> ASGIResponse:
    return ReadyAnswer(ENCODER.encode(body), status=status, headers=encoded(_PRIVATE))
