"""`GET /v1/checkout/{slug}`: the link as anybody may see it."""

from typing import Any, Final

from litestar import Request, get
from litestar.response.base import ASGIResponse

from services.checkout.use_cases.checkout import Checkout
from services.checkout.use_cases.view_link import require_free, require_payable
from services.checkout.web.api_mapping import link_out
from services.checkout.web.api_sessions import bearer
from services.checkout.web.api_wire import ENCODER
from shared.runtime.any_site import preflight, readable_by_any_site
from shared.runtime.http import ReadyAnswer

PATH: Final = "/v1/checkout/{slug:str}"
# Intermediaries ask again each time: a link may be paused at any moment.
_HEADERS: Final = [(b"cache-control", b"no-cache")]


def routes(checkout: Checkout) -> list[Any]:
    @get(PATH, middleware=[readable_by_any_site])
    async def show_link(request: Request[Any, Any, Any], slug: str) -> ASGIResponse:
        kept: ASGIResponse | None = checkout.answers.get(slug)
        if kept is not None:
            return kept
        now = checkout.clock()
        fresh = await checkout.view_link.shown(await checkout.view_link(slug, now), now)
        link = fresh.link
        require_payable(link, now)
        await checkout.gate.require(link, bearer(request), now)
        require_free(fresh, now)
        body = ENCODER.encode(link_out(link, await checkout.routing.payable_methods(link)))
        answer = ReadyAnswer(body, headers=_HEADERS)
        if link.gate_otp:
            return answer  # for whoever opened the gate only, so it is not kept
        return checkout.answers.put(slug, link.id, answer)

    return [preflight(PATH, "GET"), show_link]
