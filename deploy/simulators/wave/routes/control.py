"""Wave's part of the control API: businesses, and what is forced on sessions."""

from typing import Annotated, Any

import msgspec
from litestar import Response, get, post, put
from msgspec import Meta

from deploy.simulators.control.access import ControlError, HttpRequest, body_of, json_answer, require_control
from deploy.simulators.wave.records import PaymentFailure, Session
from deploy.simulators.wave.routes.api import provider_of

Text = Annotated[str, Meta(min_length=1, max_length=200)]


class BusinessRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """More than one of `webhook_secrets` sign together, as while they are being changed."""

    api_key: Annotated[str, Meta(pattern=r"\Awave_[a-z]{2}_[a-z]{2,16}_[A-Za-z0-9_-]{8,240}\Z")]
    name: Text = "Test business"
    webhook_url: Text | None = None
    webhook_secrets: Annotated[tuple[Text, ...], Meta(max_length=4)] = ()


class FailRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    failure: PaymentFailure = "insufficient-funds"


@put("/control/accounts")
async def open_business(request: HttpRequest) -> Response[bytes]:
    require_control(request)
    asked = await body_of(request, BusinessRequest)
    business = provider_of(request).open(
        asked.api_key, asked.name, webhook_url=asked.webhook_url, signed_by=asked.webhook_secrets
    )
    return json_answer({"id": business.id, "api_key": business.api_key, "webhook_secrets": business.secrets})


@post("/control/accounts/{business_id:str}/test-event")
async def send_test_event(request: HttpRequest, business_id: str) -> Response[bytes]:
    require_control(request)
    provider = provider_of(request)
    if (business := provider.business(business_id)) is None:
        raise ControlError(404, "No such business.")
    provider.test_event(business)
    return json_answer({}, 202)


@get("/control/payments")
async def ledger(request: HttpRequest) -> Response[bytes]:
    """Wave's own books, oldest first: `charged` is how often money was taken, `amount` in Wave's unit."""
    require_control(request)
    reference = request.query_params.get("reference")
    sessions = [one for one in provider_of(request).store.all(Session) if reference in {None, one.client_reference}]
    return json_answer({"data": [_entry(session) for session in sessions]})


@post("/control/sessions/{session_id:str}/{outcome:str}")
async def force(request: HttpRequest, session_id: str, outcome: str) -> Response[bytes]:
    """`pay` (also after it expired), `fail`, `process` (approved, but the money takes its time), or `expire`."""
    require_control(request)
    provider = provider_of(request)
    session = provider.session(session_id)
    match outcome:
        case "pay":
            session = provider.pay(session)
        case "fail":
            session = provider.fail(session, (await body_of(request, FailRequest)).failure)
        case "process":
            session = provider.process(session)
        case "expire":
            session = provider.expire(session)
        case _:
            raise ControlError(404, "No such outcome.")
    return json_answer(_entry(session))


def _entry(session: Session) -> dict[str, Any]:
    return {
        "id": session.id,
        "account": session.business,
        "reference": session.client_reference,
        "status": session.checkout_status,
        "payment_status": session.payment_status,
        "amount": session.amount,
        "currency": session.currency,
        "charged": session.charged,
        "refunded": session.refunded_ms is not None,
    }


CONTROL_ROUTES = [open_business, send_test_event, ledger, force]
