"""Routes that pages of any site may call from a browser (CORS, https://fetch.spec.whatwg.org/#http-cors-protocol).

Only for what anybody may see or do without credentials: the answers carry no `Access-Control-Allow-Credentials`, and
no preflight allows `Authorization`, so that a page can send neither the visitor's cookies nor a token.
"""

from typing import Final

from litestar import Response
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.types import ASGIApp, Message, Receive, Scope, Send

# `*`, whoever asks: what is kept on the way does then not depend on who asked first.
_READ: Final = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Retry-After, X-Request-Id"),
)
_HEADERS_SENT: Final = "Content-Type, Idempotency-Key, Client-Nonce"
_KEPT_SECONDS: Final = 3600


def readable_by_any_site(app: ASGIApp) -> ASGIApp:
    """Middleware of a route: its answers and refusals can be read by the page that asked."""

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def stamped(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *_READ]
            await send(message)

        await app(scope, receive, stamped)

    return wrapped


def preflight(path: str, method: str) -> HTTPRouteHandler:
    """What a browser asks before it sends JSON: whether `method` may be used at `path` from another site.

    It stands before the other handlers of its path: after the first, Litestar adds an answer of its own.
    """
    headers = {
        "Allow": f"{method}, OPTIONS",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": method,
        "Access-Control-Allow-Headers": _HEADERS_SENT,
        "Access-Control-Max-Age": str(_KEPT_SECONDS),
    }

    async def ask_before() -> Response[None]:
        return Response(None, status_code=204, headers=headers)

    return HTTPRouteHandler(path, http_method=HttpMethod.OPTIONS, status_code=204)(ask_before)
