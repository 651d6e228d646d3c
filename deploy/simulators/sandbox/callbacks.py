"""Which callbacks an event makes. Pure: identifiers, time and chance come in from outside."""

from collections.abc import Callable
from typing import Literal

import msgspec

from deploy.simulators.callbacks.records import Callback
from deploy.simulators.process.moments import rfc3339
from deploy.simulators.sandbox.lifecycle import as_created
from deploy.simulators.sandbox.records import EventType, Faults, Payment, Status, Tamper
from deploy.simulators.sandbox.wire import CallbackRequest, PaymentView, payment_view

# How long after `payment.succeeded` a reordered `payment.pending` follows.
REORDER_DELAY_MS = 300
SHUFFLE_WINDOW_MS = 2_000
DUPLICATE_TIMES = 3
STATUS_BY_TYPE: dict[EventType, Status] = {
    "payment.pending": "pending",
    "payment.succeeded": "succeeded",
    "payment.failed": "failed",
}
TYPE_BY_STATUS: dict[Status, EventType] = {
    "pending": "payment.pending",
    "requires_action": "payment.pending",
    "succeeded": "payment.succeeded",
    "failed": "payment.failed",
}


class Event(msgspec.Struct, frozen=True):
    """The body of a callback: the payment as it was at that moment."""

    id: str
    type: EventType
    account: str
    created_at: str
    data: PaymentView


class Chance(msgspec.Struct, frozen=True):
    new_id: Callable[[str], str]
    below: Callable[[int], int]


def event_callbacks(payment: Payment, faults: Faults, *, now_ms: int, chance: Chance) -> list[Callback]:
    """What a payment that just became final sends, by its magic number and the faults in force."""
    if payment.callback_url is None:
        return []
    style = payment.callback_style
    tamper: Tamper | None = "amount" if style == "wrong_amount" else None
    final = _callback(payment, TYPE_BY_STATUS[payment.status], tamper, now_ms=now_ms, event_id=chance.new_id("evt_"))
    if faults.callbacks == "drop" or style == "lost":
        return [msgspec.structs.replace(final, state="dropped", due_ms=None)]
    reordered = style in {"reordered", "duplicate_reordered"} or faults.callbacks == "shuffle"
    events = [final]
    if reordered:
        first = _callback(as_created(payment), "payment.pending", now_ms=now_ms, event_id=chance.new_id("evt_"))
        events.append(msgspec.structs.replace(first, due_ms=now_ms + REORDER_DELAY_MS))
    times = DUPLICATE_TIMES if style in {"duplicate", "duplicate_reordered"} else 1
    if faults.callbacks in {"duplicate", "shuffle"}:
        times = max(times, faults.callback_times)
    copies = [event for event in events for _ in range(times)]
    if faults.callbacks == "shuffle":
        return [msgspec.structs.replace(copy, due_ms=now_ms + chance.below(SHUFFLE_WINDOW_MS)) for copy in copies]
    return copies


def told_callbacks(
    payment: Payment, request: CallbackRequest, *, earlier: Callback | None, now_ms: int, chance: Chance
) -> list[Callback]:
    """What the control API asks for. `earlier` is the last genuine event of that type, if there was one."""
    event_type = request.type or TYPE_BY_STATUS[payment.status]
    reused_id = earlier.event_id if earlier and request.same_event_id else chance.new_id("evt_")
    copies: list[Callback] = []
    for position in range(request.times):
        event_id = reused_id if request.same_event_id or position == 0 else chance.new_id("evt_")
        if earlier and request.tamper is None and request.same_event_id:
            body = earlier.body
        else:
            body = event_body(_as_told(payment, event_type), event_type, event_id, tamper=request.tamper, now_ms=now_ms)
        copies.append(
            Callback(
                event_id=event_id,
                payment=payment.id,
                account=payment.account,
                type=event_type,
                url=payment.callback_url or "",
                body=body,
                forged=request.tamper == "signature",
                # A forger does not come back for three days because the door stayed shut.
                retried=request.tamper is None,
                created_ms=now_ms,
                due_ms=now_ms,
            )
        )
    return copies


def event_body(
    payment: Payment, event_type: EventType, event_id: str, *, tamper: Tamper | None = None, now_ms: int
) -> bytes:
    view = payment_view(payment)
    match tamper:
        case "amount":
            view = msgspec.structs.replace(view, amount=view.amount + 1)
        case "currency":
            view = msgspec.structs.replace(view, currency="USD" if view.currency != "USD" else "EUR")
        case "reference":
            view = msgspec.structs.replace(view, reference=f"unknown-{view.id[-16:]}")
        case "account":
            view = msgspec.structs.replace(view, account="acct_of_somebody_else")
        case "signature" | None:
            pass
    return msgspec.json.encode(Event(event_id, event_type, view.account, rfc3339(now_ms), view))


def _callback(
    payment: Payment, event_type: EventType, tamper: Literal["amount"] | None = None, *, now_ms: int, event_id: str
) -> Callback:
    return Callback(
        event_id=event_id,
        payment=payment.id,
        account=payment.account,
        type=event_type,
        url=payment.callback_url or "",
        body=event_body(payment, event_type, event_id, tamper=tamper, now_ms=now_ms),
        created_ms=now_ms,
        due_ms=now_ms,
    )


def _as_told(payment: Payment, event_type: EventType) -> Payment:
    """The payment as a belated event of `event_type` shows it: never newer than the payment is."""
    status = STATUS_BY_TYPE[event_type]
    if event_type == "payment.pending":
        return as_created(payment)
    if payment.status == status:
        return payment
    failure_code = "declined" if status == "failed" else None
    version = max(1, payment.version - 1)
    return msgspec.structs.replace(payment, status=status, failure_code=failure_code, version=version, next_action=None)
