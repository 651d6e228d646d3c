"""What every provider's control API can do: faults, and callbacks seen, replayed and tampered with."""

from collections.abc import Callable
from typing import Annotated, Any, cast

import msgspec
from litestar import Response, get, post, put
from msgspec import Meta

from deploy.simulators.callbacks.faults import CallbackFaults, Milliseconds
from deploy.simulators.callbacks.outgoing import Outgoing
from deploy.simulators.callbacks.records import Callback
from deploy.simulators.callbacks.store import CallbackStore
from deploy.simulators.control.access import (
    ControlError,
    HttpRequest,
    Times,
    body_of,
    json_answer,
    require_control,
)
from deploy.simulators.process.documents import DocumentStore
from deploy.simulators.process.log import log
from deploy.simulators.process.moments import rfc3339

CALLBACKS_MAX = 10_000


class Replay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`tamper`: `signature`, or a field that the provider's simulator knows how to change."""

    times: Times = 1
    tamper: Annotated[str, Meta(max_length=32)] | None = None
    delay_ms: Milliseconds = 0


def outgoing_of(request: HttpRequest) -> Outgoing[CallbackFaults]:
    return cast("Outgoing[CallbackFaults]", request.app.state.outgoing)


def store_of(request: HttpRequest) -> DocumentStore:
    return cast("DocumentStore", request.app.state.store)


@get("/health")
async def health() -> Response[bytes]:
    return json_answer(b'{"status":"ok"}')


@get("/control/faults")
async def show_faults(request: HttpRequest) -> Response[bytes]:
    require_control(request)
    return json_answer(outgoing_of(request).faults)


@put("/control/faults")
async def set_faults(request: HttpRequest) -> Response[bytes]:
    """Replaces them all: `{}` ends every fault."""
    require_control(request)
    outgoing = outgoing_of(request)
    faults = await body_of(request, outgoing.kind)
    outgoing.set_faults(faults)
    log(f"faults: {msgspec.json.encode(faults).decode()}")
    return json_answer(faults)


@get("/control/callbacks")
async def callbacks(request: HttpRequest) -> Response[bytes]:
    require_control(request)
    store = store_of(request)
    found = store.callbacks(request.query_params.get("payment"), after=0, limit=CALLBACKS_MAX)
    return json_answer({"data": [callback_view(store, callback) for callback in found]})


@post("/control/callbacks/{row:int}/replay")
async def replay(request: HttpRequest, row: int) -> Response[bytes]:
    require_control(request)
    asked = await body_of(request, Replay)
    callback = store_of(request).callback(row) if row < 2**63 else None
    if callback is None:
        raise ControlError(404, "No such callback.")
    sent = send_again(request, callback, times=asked.times, tamper=asked.tamper, delay_ms=asked.delay_ms)
    return json_answer({"data": sent}, 202)


def send_again(
    request: HttpRequest, callback: Callback, *, times: int, tamper: str | None, delay_ms: int = 0
) -> list[dict[str, Any]]:
    """Raises: ControlError: 400, nothing in it can be tampered with like that."""
    body = callback.body
    if tamper is not None:
        tampered = cast("Callable[[bytes, str], bytes | None]", request.app.state.tampered)
        changed = tampered(body, tamper)
        if changed is None and tamper != "signature":
            raise ControlError(400, "This callback has nothing like that to tamper with.")
        body = changed or body
    sent = outgoing_of(request).replay(
        callback, times=times, body=body, forged=tamper == "signature", delay_ms=delay_ms
    )
    return [callback_view(store_of(request), one) for one in sent]


def callback_view(store: CallbackStore, callback: Callback) -> dict[str, Any]:
    attempts = [
        {"at": rfc3339(a.at_ms), "duration_ms": a.duration_ms, "status": a.status, "error": a.error}
        for a in store.attempts_of(callback.row)
    ]
    return {
        "id": callback.row,
        "event_id": callback.event_id,
        "payment": callback.payment,
        "type": callback.type,
        "url": callback.url,
        "state": callback.state,
        "next_attempt_at": rfc3339(callback.due_ms) if callback.due_ms is not None else None,
        "body": msgspec.Raw(callback.body),
        "attempts": attempts,
    }


SHARED_ROUTES = [health, show_faults, set_faults, callbacks, replay]
