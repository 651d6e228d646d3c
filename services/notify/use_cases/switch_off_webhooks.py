"""Switching off an endpoint where nothing arrives, and saying so on the bus and to the merchant."""

from datetime import datetime
from uuid import UUID

import msgspec

from services.notify.domain.webhook_delivery import Head
from services.notify.domain.webhook_disabled import WebhookDisabled, without_query
from services.notify.mailers.message import is_address
from services.notify.store import mail, reminders
from services.notify.store import webhook_endpoints as endpoints
from services.notify.store.mail import Intent
from shared.contracts.links import MerchantView
from shared.contracts.notify import DisabledBecause, WebhookEndpointDisabled
from shared.kernel.ids import new_id
from shared.runtime import outbox
from shared.runtime.postgres import Transaction
from shared.runtime.tracing import current_traceparent

_encoder = msgspec.json.Encoder()


async def switch_off(
    tx: Transaction, head: Head, reason: DisabledBecause, *, since: datetime, message_host: str, now: datetime
) -> None:
    """Once, with the fact that says so, and a mail where an address is known; nothing where it is off already."""
    description = await endpoints.switch_off(tx, head.endpoint_id, reason, now=now)
    if description is None:
        return
    fact = WebhookEndpointDisabled(
        org_id=head.org_id, endpoint_id=head.endpoint_id, livemode=head.livemode, reason=reason, failing_since=since
    )
    await outbox.add(tx, [fact], now=now)
    merchant = await reminders.find_merchant(tx, head.org_id)
    if merchant is None or not is_address(merchant.support_email or ""):
        return
    about = WebhookDisabled(
        endpoint_id=head.endpoint_id,
        url=without_query(head.url),
        description=description,
        reason=reason,
        failing_since=since,
        disabled_at=now,
        merchant_name=merchant.name,
        timezone=merchant.timezone,
        livemode=head.livemode,
    )
    await mail.intend(tx, [_intent(about, head.org_id, merchant, message_host=message_host)], [], now=now)


def _intent(about: WebhookDisabled, org_id: UUID, merchant: MerchantView, *, message_host: str) -> Intent:
    mail_id = new_id()
    return Intent(
        id=mail_id,
        org_id=org_id,
        link_id=None,
        charge_id=None,
        kind="webhook_disabled",
        to_address=merchant.support_email,
        locale=merchant.locale,
        context=_encoder.encode(about).decode(),
        message_id=f"<{mail_id}@{message_host}>",
        state="due",
        traceparent=current_traceparent(),
    )
