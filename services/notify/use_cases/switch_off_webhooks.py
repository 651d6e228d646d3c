"""Switching off an endpoint where nothing arrives, and saying so."""

from datetime import datetime

from services.notify.domain.webhook_delivery import Head
from services.notify.store import webhook_endpoints as endpoints
from shared.contracts.notify import DisabledBecause, WebhookEndpointDisabled
from shared.runtime import outbox
from shared.runtime.postgres import Transaction


async def switch_off(tx: Transaction, head: Head, reason: DisabledBecause, *, since: datetime, now: datetime) -> None:
    """Once, with the fact that says so; nothing where it is off already."""
    switched = await endpoints.switch_off(tx, head.endpoint_id, reason, now=now)
    if switched is None:
        return
    fact = WebhookEndpointDisabled(
        org_id=head.org_id, endpoint_id=head.endpoint_id, livemode=head.livemode, reason=reason, failing_since=since
    )
    await outbox.add(tx, [fact], now=now)
