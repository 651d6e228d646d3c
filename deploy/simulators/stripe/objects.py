"""Stripe's objects as its API shows them. What a payment link has no use for is there, and null, as with Stripe."""

from collections.abc import Sequence
from typing import Any

from deploy.simulators.stripe.problems import refused
from deploy.simulators.stripe.records import Dispute, Endpoint, Intent, Refund, Session

VERSION = "2026-10-28.endive"
REFUNDS_SHOWN = 10
EXPANDABLE = frozenset(
    {
        "payment_intent",
        "payment_intent.latest_charge",
        "payment_intent.latest_charge.balance_transaction",
        "payment_intent.latest_charge.refunds",
    }
)


def check_expand(expand: list[str], *, prefix: str = "") -> frozenset[str]:
    """What is to be shown in full. Raises: StripeError: 400."""
    shown: set[str] = set()
    for position, path in enumerate(expand):
        bare = path.removeprefix(prefix)
        if not path.startswith(prefix) or bare not in EXPANDABLE:
            raise refused(f"This property cannot be expanded ({path[:80]}).", param=f"expand[{position}]")
        parts = bare.split(".")
        shown |= {".".join(parts[: n + 1]) for n in range(len(parts))}
    return frozenset(shown)


def session_view(
    session: Session, *, url: str, expand: frozenset[str] = frozenset(), refunds: Sequence[Refund] = ()
) -> dict[str, Any]:
    intent = session.intent
    shown_intent: Any = intent.id if intent else None
    if intent and "payment_intent" in expand:
        shown_intent = intent_view(session, intent, expand, refunds=refunds)
    return {
        "id": session.id,
        "object": "checkout.session",
        "amount_subtotal": session.amount,
        "amount_total": session.amount,
        "cancel_url": session.cancel_url,
        "client_reference_id": session.client_reference_id,
        "created": session.created,
        "currency": session.currency,
        "customer": None,
        "customer_email": session.customer_email,
        "expires_at": session.expires_at,
        "livemode": False,
        "metadata": session.metadata,
        "mode": "payment",
        "payment_intent": shown_intent,
        "payment_method_types": ["card"],
        "payment_status": session.payment_status,
        "status": session.status,
        "success_url": session.success_url,
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "url": f"{url}/c/pay/{session.id}" if session.status == "open" else None,
    }


def intent_view(
    session: Session, intent: Intent, expand: frozenset[str] = frozenset(), *, refunds: Sequence[Refund] = ()
) -> dict[str, Any]:
    failure = intent.error
    shown_charge: Any = intent.charge
    if intent.charge and "payment_intent.latest_charge" in expand:
        shown_charge = charge_view(session, intent, expand, refunds=refunds)
    return {
        "id": intent.id,
        "object": "payment_intent",
        "amount": session.amount,
        "amount_received": session.amount if intent.status == "succeeded" else 0,
        "created": session.created,
        "currency": session.currency,
        "last_payment_error": {
            "type": "card_error",
            "code": failure.code,
            "decline_code": failure.decline_code,
            "message": failure.message,
        }
        if failure
        else None,
        "latest_charge": shown_charge,
        "livemode": False,
        "metadata": session.intent_metadata,
        "status": intent.status,
    }


def charge_view(
    session: Session, intent: Intent, expand: frozenset[str] = frozenset(), *, refunds: Sequence[Refund] = ()
) -> dict[str, Any]:
    """`refunds`, oldest first. The list of them is shown only to those who ask for it, and its ten newest."""
    given = sum(refund.amount for refund in refunds if refund.status in {"pending", "succeeded"})
    listed = {}
    if "payment_intent.latest_charge.refunds" in expand:
        newest = [refund_view(refund) for refund in reversed(refunds)]
        path = f"/v1/charges/{intent.charge}/refunds"
        listed = {"refunds": list_view(path, newest[:REFUNDS_SHOWN], has_more=len(newest) > REFUNDS_SHOWN)}
    balance: Any = f"txn_{intent.id.removeprefix('pi_')}" if intent.status == "succeeded" else None
    if balance and "payment_intent.latest_charge.balance_transaction" in expand:
        balance = {
            "id": balance,
            "object": "balance_transaction",
            "amount": session.amount,
            "currency": session.currency,
            "fee": intent.fee,
            "net": session.amount - intent.fee,
        }
    return {
        "id": intent.charge,
        "object": "charge",
        "amount": session.amount,
        "amount_refunded": given,
        "balance_transaction": balance,
        "currency": session.currency,
        "livemode": False,
        "metadata": session.intent_metadata,
        "paid": intent.status == "succeeded",
        "payment_intent": intent.id,
        "payment_method_details": {"type": "card", "card": {"brand": intent.brand, "last4": intent.last4}},
        "refunded": given == session.amount,
        "status": "succeeded" if intent.status == "succeeded" else "failed",
    } | listed


def refund_view(refund: Refund) -> dict[str, Any]:
    return {
        "id": refund.id,
        "object": "refund",
        "amount": refund.amount,
        "charge": refund.charge,
        "created": refund.created,
        "currency": refund.currency,
        "metadata": refund.metadata,
        "payment_intent": refund.intent,
        "reason": refund.reason,
        "status": refund.status,
    } | ({"failure_reason": refund.failure_reason} if refund.failure_reason else {})


def dispute_view(dispute: Dispute) -> dict[str, Any]:
    return {
        "id": dispute.id,
        "object": "dispute",
        "amount": dispute.amount,
        "charge": dispute.charge,
        "created": dispute.created,
        "currency": dispute.currency,
        "livemode": False,
        "metadata": {},
        "payment_intent": dispute.intent,
        "reason": dispute.reason,
        "status": dispute.status,
    }


def endpoint_view(endpoint: Endpoint) -> dict[str, Any]:
    """With the secret: it is shown once, when the endpoint is made."""
    return {
        "id": endpoint.id,
        "object": "webhook_endpoint",
        "api_version": VERSION,
        "created": endpoint.created,
        "enabled_events": list(endpoint.events),
        "livemode": False,
        "metadata": {},
        "secret": endpoint.secrets[0],
        "status": "enabled",
        "url": endpoint.url,
    }


def event_view(event_id: str, kind: str, shown: dict[str, Any], *, created: int, key: str | None) -> dict[str, Any]:
    return {
        "id": event_id,
        "object": "event",
        "api_version": VERSION,
        "created": created,
        "data": {"object": shown},
        "livemode": False,
        "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": key},
        "type": kind,
    }


def list_view(path: str, shown: list[dict[str, Any]], *, has_more: bool) -> dict[str, Any]:
    return {"object": "list", "data": shown, "has_more": has_more, "url": path}
