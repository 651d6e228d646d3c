"""The outermost layer of every service's HTTP: request ids, traces, rate limits by address, metrics, the access log."""

import re
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send
from prometheus_client import Histogram

from shared.kernel.ids import new_id
from shared.runtime import problems
from shared.runtime.limits import Limiter, RateLimited
from shared.runtime.logs import logger
from shared.runtime.metrics import HTTP_LIMITED, HTTP_SECONDS
from shared.runtime.problems import Tell, Telling
from shared.runtime.proxies import Proxies, place_of
from shared.runtime.spans import first_span
from shared.runtime.tracing import continued

SLOW_SECONDS: Final = 1.0
LOOPBACK: Final = ("127.0.0.1", "::1")
LOOPBACK_TEST_PER_SECOND: Final = 2000
"""One client on the machine of a test-mode stack may do this much, so that scripts and load tests are not held up."""
CALLBACKS_PER_SECOND: Final = 500
CALLBACKS_BURST: Final = 2000
"""A provider calls back for all of its merchants from a few addresses; what is refused, it sends again."""

# As the gateway has it (deploy/caddy): an id that it lets through and we do not would be another in our log.
_REQUEST_ID: Final = re.compile(rb"[A-Za-z0-9_.\-]{8,64}")
_UNLIMITED: Final = ("/health", "/ready", "/metrics")
_CALLBACKS: Final = "/callbacks/"
_SERIES_MAX: Final = 4096
_METHODS: Final = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_log = logger("http")


@lru_cache(_SERIES_MAX)
def _seconds(route: str, method: str, status: int) -> Histogram:
    """Looked up once: finding a series by its labels costs more than counting in it."""
    return HTTP_SECONDS.labels(route, method, status)


class _PerAddress:
    """One limit for each address, and another for the machine's own on a test-mode stack."""

    def __init__(self, per_second: int, burst: int, *, test_mode: bool) -> None:
        self._test_mode = test_mode
        self._limiter = Limiter("ip", per_second=per_second, burst=burst)
        loopback = max(per_second, LOOPBACK_TEST_PER_SECOND)
        self._loopback = Limiter("ip", per_second=loopback, burst=loopback * 2)

    def spend(self, client: str) -> None:
        """Raises: RateLimited."""
        limiter = self._loopback if self._test_mode and client in LOOPBACK else self._limiter
        limiter.spend(client)


class Edge:
    """An ASGI application around the service's own."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        per_ip_per_second: int,
        test_mode: bool,
        trusted_proxies: Proxies,
        tell: Tell | None = None,
    ) -> None:
        self._app = app
        self._tell = tell
        self._trusted = trusted_proxies
        self._callbacks = _PerAddress(CALLBACKS_PER_SECOND, CALLBACKS_BURST, test_mode=test_mode)
        self._others = _PerAddress(per_ip_per_second, per_ip_per_second * 4, test_mode=test_mode)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        offered = headers.get(b"x-request-id", b"")
        request_id = offered.decode() if _REQUEST_ID.fullmatch(offered) else new_id().hex
        traceparent = headers.get(b"traceparent")
        parent = continued(traceparent.decode("latin-1") if traceparent else None)
        client = self._client_ip(scope, headers)
        state: dict[str, Any] = scope.setdefault("state", {})
        state["request_id"] = request_id
        state["client_ip"] = client
        path = scope["path"]
        began = time.perf_counter()
        status, started = 500, False

        async def send_stamped(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                status, started = message["status"], True
                message["headers"] = [*message.get("headers", []), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            with first_span(scope["method"], "server", parent=parent) as hop:
                if not path.startswith(_UNLIMITED):
                    (self._callbacks if path.startswith(_CALLBACKS) else self._others).spend(client)
                await self._app(scope, receive, send_stamped)
                if hop is not None:
                    _describe(hop, scope, status)
        except RateLimited as fault:
            HTTP_LIMITED.labels("ip").inc()
            retry = (b"retry-after", str(fault.retry_after_seconds).encode())
            await _answer(send_stamped, self._told(path, fault.code, fault.values, request_id), [retry])
        except Exception as error:  # noqa: BLE001 - what nobody else has answered
            # Without this the server would answer in its own words, and the log would say nothing.
            _log.error("http.unanswered", path=path, request_id=request_id, exc_info=error)
            if not started:
                await _answer(send_stamped, self._told(path, "internal", {}, request_id), [])
        finally:
            seconds = time.perf_counter() - began
            route = scope.get("path_template") or "none"
            # Anybody may invent methods, and each would be a series for ever.
            method = scope["method"] if scope["method"] in _METHODS else "other"
            _seconds(route, method, status).observe(seconds)
            # 500 and above: our own errors.
            tell = _log.warning if status >= 500 or seconds > SLOW_SECONDS else _log.debug  # noqa: PLR2004
            tell(
                "http.request",
                route=route,
                method=method,
                status=status,
                ms=int(seconds * 1000),
                request_id=request_id,
            )

    def _told(self, path: str, code: str, values: Mapping[str, Any], request_id: str) -> Telling:
        told = self._tell(path, code, values, request_id) if self._tell else None
        return told or problems.telling(code, values, request_id)

    def _client_ip(self, scope: Scope, headers: dict[bytes, bytes]) -> str:
        forwarded = headers.get(b"x-forwarded-for")
        peer = (scope.get("client") or ("unknown", 0))[0]
        return place_of(self._trusted.origin(peer, None if forwarded is None else forwarded.decode("latin-1")))


def _describe(hop: Any, scope: HTTPScope, status: int) -> None:
    """After OpenTelemetry's conventions for HTTP: the route, never the path, which may hold a token."""
    route = scope.get("path_template") or "none"
    hop.update_name(f"{scope['method']} {route}")
    hop.set_attributes(
        {"http.request.method": scope["method"], "http.route": route, "http.response.status_code": status}
    )


async def _answer(send: Send, told: Telling, headers: list[tuple[bytes, bytes]]) -> None:
    kind = (b"content-type", told.media_type.encode())
    await send({"type": "http.response.start", "status": told.status, "headers": [kind, *headers]})
    await send({"type": "http.response.body", "body": told.body, "more_body": False})
