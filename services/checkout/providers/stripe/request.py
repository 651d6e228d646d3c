"""What we send to Stripe: forms, with brackets for what lies inside."""

import re
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from services.checkout.providers.port import Order, RefundOrder
from services.checkout.providers.stripe.amounts import to_stripe
from services.checkout.providers.stripe.wire import REFERENCE

NAME_CHARS_MAX: Final = 250
METADATA_CHARS_MAX: Final = 500
# Stripe lets a session live from 30 minutes to 24 hours; a minute at each end is for clocks that differ.
LIVES_MIN: Final = timedelta(minutes=31)
LIVES_MAX: Final = timedelta(hours=23, minutes=59)
_REASONS: Final = frozenset({"duplicate", "fraudulent", "requested_by_customer"})
_EMAIL: Final = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*\.[A-Za-z]{2,24}")


def session_form(order: Order, *, now: datetime) -> bytes:
    """Raises: NotWhole: Stripe has no such amount."""
    item = "line_items[0]"
    fields = {
        "mode": "payment",
        "client_reference_id": order.reference,
        "success_url": order.paid_url,
        "cancel_url": order.return_url,
        "payment_method_types[0]": "card",
        f"{item}[quantity]": "1",
        f"{item}[price_data][currency]": order.total.currency.lower(),
        f"{item}[price_data][unit_amount]": str(to_stripe(order.total)),
        f"{item}[price_data][product_data][name]": " ".join(order.description.split())[:NAME_CHARS_MAX] or "Payment",
        f"metadata[{REFERENCE}]": order.reference,
        f"payment_intent_data[metadata][{REFERENCE}]": order.reference,
    }
    if order.expires_at is not None:
        expires_at = min(max(order.expires_at, now + LIVES_MIN), now + LIVES_MAX)
        fields["expires_at"] = str(int(expires_at.timestamp()))
    # Stripe refuses the whole session for an address that it does not like: only plain ones are worth the risk.
    if order.customer.email and _EMAIL.fullmatch(order.customer.email):
        fields["customer_email"] = order.customer.email
    return urlencode(fields).encode()


def refund_form(order: RefundOrder, *, payment_intent: str) -> bytes:
    """Raises: NotWhole: Stripe has no such amount."""
    fields = {
        "payment_intent": payment_intent,
        "amount": str(to_stripe(order.amount)),
        f"metadata[{REFERENCE}]": order.reference,
    }
    if order.reason in _REASONS:
        fields["reason"] = order.reason
    elif order.reason:
        fields["metadata[reason]"] = " ".join(order.reason.split())[:METADATA_CHARS_MAX]
    return urlencode(fields).encode()
