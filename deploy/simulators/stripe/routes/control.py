"""Stripe's part of the control API: accounts, and what is forced on sessions, refunds and disputes."""

from typing import Annotated, Any, Literal

import msgspec
from litestar import Response, get, post, put
from msgspec import Meta

from deploy.simulators.control.access import HttpRequest, body_of, json_answer, require_control
from deploy.simulators.stripe import objects
from deploy.simulators.stripe.problems import missing
from deploy.simulators.stripe.records import Dispute, DisputeStatus, Refund, RefundStatus, Session
from deploy.simulators.stripe.routes.asking import provider_of

Text = Annotated[str, Meta(min_length=1, max_length=200)]


class AccountRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Without `webhook_secrets` one is made. More than one sign together, as while they are being changed."""

    secret_key: Annotated[str, Meta(pattern=r"\A(sk|rk)_test_[A-Za-z0-9_]{8,240}\Z")]
    name: Text = "Test account"
    webhook_url: Text | None = None
    webhook_secrets: Annotated[tuple[Text, ...], Meta(max_length=4)] = ()
    events: Annotated[tuple[Text, ...], Meta(min_length=1, max_length=100)] = ("*",)


class RefundEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    status: RefundStatus


class DisputeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without an amount: all of it."""

    reason: Text = "fraudulent"
    amount: Annotated[int, Meta(ge=1, le=10**12)] | None = None


class RefundRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without an amount: all that is left."""

    amount: Annotated[int, Meta(ge=1, le=10**12)] | None = None


class DisputeEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    status: DisputeStatus


@put("/control/accounts")
async def open_account(request: HttpRequest) -> Response[bytes]:
    require_control(request)
    asked = await body_of(request, AccountRequest)
    provider = provider_of(request)
    account = provider.accounts.open(asked.secret_key, asked.name)
    secrets: tuple[str, ...] = ()
    if asked.webhook_url is not None:
        endpoint = provider.accounts.set_endpoint(
            account,
            asked.webhook_url,
            events=asked.events,
            signed_by=asked.webhook_secrets,
            created=provider.now_ms() // 1_000,
            is_alone=True,
        )
        secrets = endpoint.secrets
    return json_answer({"id": account.id, "secret_key": account.secret_key, "webhook_secrets": secrets})


@get("/control/payments")
async def ledger(request: HttpRequest) -> Response[bytes]:
    """Stripe's own books, oldest first: `charged` is how often money was taken, `amount` in Stripe's unit."""
    require_control(request)
    provider, reference = provider_of(request), request.query_params.get("reference")
    sessions = [session for session in provider.store.all(Session) if reference in {None, session.client_reference_id}]
    return json_answer({"data": [_entry(request, session) for session in sessions]})


@post("/control/sessions/{session_id:str}/{outcome:str}")
async def force(request: HttpRequest, session_id: str, outcome: str) -> Response[bytes]:
    """`pay`, `process` (complete, but the money takes its time), `fail`, `expire`, `dispute`, or `refund` by hand."""
    require_control(request)
    provider = provider_of(request)
    session = provider.session(session_id)
    match outcome:
        case "pay" | "process" | "fail":
            forced: Literal["pay", "process", "fail"] = outcome
            session = provider.force(session, forced)
        case "expire":
            with provider.store.transaction():
                session = provider.expire(session)
        case "dispute":
            asked = await body_of(request, DisputeRequest)
            dispute = provider.refunds.dispute(session, asked.reason, asked.amount)
            return json_answer(objects.dispute_view(dispute), 201)
        case "refund":
            by_hand = await body_of(request, RefundRequest)
            return json_answer(objects.refund_view(provider.refunds.refund_by_hand(session, by_hand.amount)), 201)
        case _:
            raise missing("outcome", outcome)
    return json_answer(_entry(request, session))


@post("/control/refunds/{refund_id:str}")
async def end_refund(request: HttpRequest, refund_id: str) -> Response[bytes]:
    require_control(request)
    asked, provider = await body_of(request, RefundEnd), provider_of(request)
    if (refund := provider.store.get(Refund, refund_id)) is None:
        raise missing("refund", refund_id)
    return json_answer(objects.refund_view(provider.refunds.end(refund, asked.status)))


@post("/control/disputes/{dispute_id:str}")
async def decide_dispute(request: HttpRequest, dispute_id: str) -> Response[bytes]:
    require_control(request)
    asked, provider = await body_of(request, DisputeEnd), provider_of(request)
    if (dispute := provider.store.get(Dispute, dispute_id)) is None:
        raise missing("dispute", dispute_id)
    return json_answer(objects.dispute_view(provider.refunds.decide(dispute, asked.status)))


def _entry(request: HttpRequest, session: Session) -> dict[str, Any]:
    intent = session.intent
    refunds = provider_of(request).refunds.of(session.account, intent.id) if intent else []
    return {
        "id": session.id,
        "account": session.account,
        "reference": session.client_reference_id,
        "status": session.status,
        "payment_status": session.payment_status,
        "amount": session.amount,
        "currency": session.currency,
        "charged": intent.charged if intent else 0,
        "fee": intent.fee if intent else 0,
        "refunds": [objects.refund_view(refund) for refund in refunds],
        "metadata": session.metadata,
    }


CONTROL_ROUTES = [open_account, ledger, force, end_refund, decide_dispute]
