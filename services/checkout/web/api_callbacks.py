"""`POST /callbacks/{provider}/{account}`: where providers tell us things. Some of them, as MTN, say PUT."""

from typing import Any, Final

from litestar import HttpMethod, route
from litestar.response.base import ASGIResponse

from services.checkout.use_cases.checkout import Checkout
from services.checkout.web.api_sessions import HttpRequest
from services.checkout.web.api_wire import ENCODER, CallbackOut
from shared.kernel.moment import utc_now
from shared.runtime import problems
from shared.runtime.http import ReadyAnswer

BODY_BYTES_MAX: Final = 64 * 1024
_RECEIVED: Final = ReadyAnswer(ENCODER.encode(CallbackOut()))


def routes(checkout: Checkout) -> list[Any]:
    @route(
        "/callbacks/{provider:str}/{account:str}",
        http_method=[HttpMethod.POST, HttpMethod.PUT],
        request_max_body_size=BODY_BYTES_MAX,
        status_code=200,
    )
    async def receive_callback(request: HttpRequest, provider: str, account: str) -> ASGIResponse:
        body = await request.body()
        verdict = await checkout.record_callback(
            provider,
            account,
            headers={name.decode(): value.decode("latin-1") for name, value in request.scope["headers"]},
            body=body,
            client_ip=request.scope["state"]["client_ip"],
            # The provider signed it with the time of its own machine, which no test moves.
            now=utc_now(),
        )
        if verdict == "bad_signature":
            refused = problems.respond(request, "unauthorized", detail="The signature does not match.")
            return refused.to_asgi_response(None, request)
        return _RECEIVED

    return [receive_callback]
