from typing import Any

import msgspec
from msgspec import UNSET

from services.notify.domain.webhook_delivery import Delivery, DeliveryDetail
from services.notify.domain.webhook_endpoint import Endpoint, EndpointDraft
from services.notify.domain.webhook_message import message_id
from services.notify.web import wire


def draft_of(body: wire.CreateWebhookEndpoint | wire.PatchWebhookEndpoint) -> EndpointDraft:
    return EndpointDraft(
        url=body.url,
        description=body.description,
        events=UNSET if body.events is UNSET else tuple(dict.fromkeys(body.events)),
        enabled=body.enabled,
    )


def endpoint_out(endpoint: Endpoint) -> wire.WebhookEndpoint:
    return wire.WebhookEndpoint(**_endpoint(endpoint))


def new_endpoint_out(endpoint: Endpoint, secret: str) -> wire.NewWebhookEndpoint:
    return wire.NewWebhookEndpoint(**_endpoint(endpoint), secret=secret)


def delivery_out(delivery: Delivery) -> wire.WebhookDelivery:
    return wire.WebhookDelivery(**_delivery(delivery))


def detail_out(detail: DeliveryDetail) -> wire.WebhookDeliveryDetail:
    return wire.WebhookDeliveryDetail(
        **_delivery(detail.delivery),
        url=detail.url,
        request_body=detail.payload.decode(),
        attempt_log=[wire.WebhookAttempt(**msgspec.structs.asdict(one)) for one in detail.attempts],
    )


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "description": endpoint.description,
        "events": list(endpoint.events),
        "enabled": endpoint.disabled_at is None,
        "disabled_reason": endpoint.disabled_reason,
        "disabled_at": endpoint.disabled_at,
        "failing_since": endpoint.failing_since,
        "previous_secret_until": endpoint.previous_until,
        "livemode": endpoint.livemode,
        "created_at": endpoint.created_at,
        "updated_at": endpoint.updated_at,
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": delivery.id,
        "endpoint_id": delivery.endpoint_id,
        "event_id": delivery.event_id,
        "webhook_id": message_id(delivery.event_id),
        "event": delivery.event_type,
        "link_id": delivery.link_id,
        "state": delivery.state,
        "attempts": delivery.attempts,
        "last_status": delivery.last_status,
        "last_error": delivery.last_error,
        "next_attempt_at": delivery.next_attempt_at,
        "created_at": delivery.created_at,
        "finished_at": delivery.finished_at,
    }
