"""`POST /callbacks/{provider}/{account}`: where providers tell us things."""

from typing import Any, Final

from litestar import Response, post

from services.checkout.use_cases.checkout import Checkout
from services.checkout.web.api_sessions import HttpRequest
from services.checkout.web.api_wire import ENCODER, CallbackOut
from shared.kernel.faults import NotFound
from shared.runtime import problems

BODY_BYTES_MAX: Final = 64 * 1024
_RECEIVED: Final = ENCODER.encode(CallbackOut())


def routes(checkout: Checkout) -> list[Any]:
    @post("/callbacks/{provider:str}/{account:str}", request_max_body_size=BODY_BYTES_MAX, status_code=200)
    async def receive_callback(request: HttpRequest, provider: str, account: str) -> Response[bytes]:
        if provider != checkout.provider.name:
            raise NotFound("provider")
        body = await request.body()
        verdict = await checkout.record_callback(
            account,
            request.headers,
            body=body,
            client_ip=request.scope["state"]["client_ip"],
            now=checkout.clock(),
        )
        if verdict == "bad_signature":
            return problems.respond(request, "unauthorized", detail="The signature does not match.")
        return Response(_RECEIVED, media_type="application/json")

    return [receive_callback]
