"""Requests and answers over Litestar's own, for bodies that come and go in one piece, as nearly all do.

Litestar's read a body as a stream, and build headers as text to encode them afterwards: together a quarter of what a
small JSON request costs this process (cProfile of creating a link).
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from litestar import Request
from litestar.response.base import ASGIResponse
from litestar.types import Empty, HTTPReceiveMessage, HTTPRequestEvent, Receive, Scope, Send, WebSocketReceiveMessage

from shared.runtime.bodies import Bodies

JSON: Final = b"application/json"
HTML: Final = b"text/html; charset=utf-8"
BODY_BYTES_MAX: Final = 256 * 1024
"""Of a route that does not say otherwise."""
_BODILESS: Final = frozenset({204, 304})


class WholeRequest(Request[Any, Any, Any]):
    """Reads a body that comes in one piece at once, and any other as Litestar does."""

    bodies: ClassVar[Bodies] = Bodies()

    async def body(self) -> bytes:
        """Raises: RequestTimeout: it does not come."""
        state = self._connection_state
        if self._body is not Empty or state.body is not Empty or not self.is_connected:
            return await super().body()
        most = self.route_handler.resolve_request_max_body_size()
        client = self.scope["state"].get("client_ip", "")
        with self.bodies.awaiting(client, large=most is None or most > BODY_BYTES_MAX):
            receive = self.receive
            first = await receive()
            if not (first["type"] == "http.request" and self._is_all(first) and _fits(first["body"], most)):
                self.receive = _again(first, receive)
                return await super().body()
        self._body = state.body = first["body"]
        self.is_connected = False
        return first["body"]

    def _is_all(self, first: HTTPRequestEvent) -> bool:
        """Whether it is as long as was said.

        Granian says of every piece that more may come, and to ask it once more costs as much as all of Litestar.
        """
        if not first["more_body"]:
            return True
        for name, value in self.scope["headers"]:
            if name == b"content-length":
                return value == b"%d" % len(first["body"])
        return False


def reading(bodies: Bodies) -> type[WholeRequest]:
    """Requests whose bodies are `bodies`."""
    return type("ReadingRequest", (WholeRequest,), {"bodies": bodies})


def _fits(body: bytes, most: int | None) -> bool:
    return most is None or len(body) <= most


def _again(first: HTTPReceiveMessage | WebSocketReceiveMessage, receive: Receive) -> Receive:
    """As `receive`, from before `first` on."""
    waiting = [first]

    async def receive_again() -> HTTPReceiveMessage | WebSocketReceiveMessage:
        return waiting.pop() if waiting else await receive()

    return receive_again


class ReadyAnswer(ASGIResponse):
    """An answer with a body, whose bytes and headers are ready. `headers` come beside type and length.

    It holds nothing of a request, so that it may be kept and given again.
    """

    __slots__ = ("_start",)

    def __init__(
        self, body: bytes, *, status: int = 200, kind: bytes = JSON, headers: Iterable[tuple[bytes, bytes]] = ()
    ) -> None:
        assert status not in _BODILESS
        self.body = body
        self.status_code = status
        self._start = [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *headers]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        await send({"type": "http.response.start", "status": self.status_code, "headers": [*self._start]})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})


def encoded(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Raises: UnicodeEncodeError: more than a header can say."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
