"""`GET /v1/checkout/sessions/{id}/events`: the session's JSON whenever it changes, as server-sent events."""

from typing import Any
from uuid import UUID

from litestar import get
from litestar.response import Stream

from services.checkout.domain.session import SessionState
from services.checkout.use_cases.checkout import Checkout
from services.checkout.web.api_sessions import TOKEN_COOKIE, HttpRequest, bearer, state_out
from services.checkout.web.api_wire import ENCODER
from services.checkout.web.live_stream import stream


def routes(checkout: Checkout) -> list[Any]:
    async def event_of(state: SessionState) -> bytes:
        body = ENCODER.encode(await state_out(checkout, state))
        return b"event: status\nid: %d\ndata: %s\n\n" % (state.session.version, body)

    @get("/v1/checkout/sessions/{session_id:uuid}/events")
    async def stream_events(request: HttpRequest, session_id: UUID) -> Stream:
        checkout.tokens.require(session_id, bearer(request) or request.cookies.get(TOKEN_COOKIE))
        return stream(checkout, await checkout.read_session(session_id), event_of)

    return [stream_events]
