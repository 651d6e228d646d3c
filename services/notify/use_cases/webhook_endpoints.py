"""Endpoints: made, changed, given a new secret, and tested by whoever owns them."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec
from msgspec import UNSET

from services.notify.domain.webhook_delivery import Delivery
from services.notify.domain.webhook_endpoint import (
    ENDPOINTS_MAX,
    EVERYTHING,
    Endpoint,
    EndpointDisabled,
    EndpointDraft,
    TooManyEndpoints,
    checked,
)
from services.notify.domain.webhook_message import TEST_EVENT, Message, test_payload
from services.notify.domain.webhook_reach import Reach
from services.notify.store import webhook_deliveries as deliveries
from services.notify.store import webhook_endpoints as endpoints
from services.notify.store.webhook_deliveries import NewDelivery
from services.notify.store.webhook_endpoints import Owner
from services.notify.webhooks.signing import SecretBox, new_secret
from shared.kernel.faults import Invalid, NotFound
from shared.kernel.ids import new_id
from shared.runtime.postgres import Postgres, Reader, Transaction

__all__ = ["Owner", "SecretBox"]
KIND: Final = "webhook_endpoint"


class Rules(msgspec.Struct, frozen=True):
    """Which URLs are taken here."""

    reach: Reach
    https_only: bool


async def create_endpoint(
    tx: Transaction, owner: Owner, *, draft: EndpointDraft, rules: Rules, box: SecretBox, now: datetime
) -> tuple[Endpoint, str]:
    """The endpoint and its secret, which is not shown again.

    Raises:
        Invalid: the URL or a filter cannot be used.
        TooManyEndpoints.
    """
    checked(draft, reach=rules.reach, https_only=rules.https_only)
    if draft.url is UNSET:
        raise Invalid("url", "must be given")
    if await endpoints.count_alone(tx, owner) >= ENDPOINTS_MAX:
        raise TooManyEndpoints
    secret = new_secret()
    off = draft.enabled is False
    endpoint = Endpoint(
        id=new_id(),
        org_id=owner.org_id,
        livemode=owner.livemode,
        url=draft.url,
        description=None if draft.description is UNSET else draft.description,
        events=(EVERYTHING,) if draft.events is UNSET else draft.events,
        disabled_at=now if off else None,
        disabled_reason="by_hand" if off else None,
        failing_since=None,
        previous_until=None,
        created_at=now,
        updated_at=now,
    )
    return await endpoints.add_endpoint(tx, endpoint, box.seal(secret)), secret


async def list_endpoints(pg: Postgres, owner: Owner, *, before: UUID | None, limit: int) -> list[Endpoint]:
    return await endpoints.list_endpoints(pg, owner, before=before, limit=limit)


async def get_endpoint(reader: Reader, owner: Owner, endpoint_id: UUID) -> Endpoint:
    """Raises: NotFound."""
    return _known(await endpoints.find_endpoint(reader, owner, endpoint_id))


async def change_endpoint(
    pg: Postgres, owner: Owner, endpoint_id: UUID, *, draft: EndpointDraft, rules: Rules, now: datetime
) -> Endpoint:
    """Raises: Invalid, NotFound."""
    checked(draft, reach=rules.reach, https_only=rules.https_only)
    async with pg.transaction() as tx:
        return _known(await endpoints.change_endpoint(tx, owner, endpoint_id, draft=draft, now=now))


async def rotate_secret(
    tx: Transaction, owner: Owner, endpoint_id: UUID, *, overlap: timedelta, box: SecretBox, now: datetime
) -> tuple[Endpoint, str]:
    """A new secret, not shown again. The one before signs as well until the overlap is over; one before that does not.

    Raises:
        NotFound.
    """
    secret = new_secret()
    endpoint = await endpoints.rotate_secret(
        tx, owner, endpoint_id, secret=box.seal(secret), previous_until=now + overlap, now=now
    )
    return _known(endpoint), secret


async def delete_endpoint(pg: Postgres, owner: Owner, endpoint_id: UUID, *, now: datetime) -> None:
    """Raises: NotFound."""
    if not await endpoints.delete_endpoint(pg, owner, endpoint_id, now=now):
        raise NotFound(KIND)


async def send_test(tx: Transaction, owner: Owner, endpoint_id: UUID, *, now: datetime) -> Delivery:
    """Has an event sent that says nothing has happened, whatever the endpoint's filters are.

    Raises:
        NotFound.
        EndpointDisabled.
    """
    endpoint = _known(await endpoints.find_endpoint(tx, owner, endpoint_id))
    if endpoint.disabled_at is not None:
        raise EndpointDisabled
    message = Message(
        event_id=new_id(),
        org_id=owner.org_id,
        livemode=owner.livemode,
        type=TEST_EVENT,
        owner="notify",
        link_id=None,
        sequence=0,
        at=now,
        payload=test_payload(endpoint_id, livemode=owner.livemode, at=now),
    )
    delivery = NewDelivery(id=new_id(), endpoint_id=endpoint_id, message=message)
    await deliveries.add_deliveries(tx, [delivery], now=now, due_at=now)
    return await deliveries.read_delivery(tx, delivery.id)


def _known(endpoint: Endpoint | None) -> Endpoint:
    if endpoint is None:
        raise NotFound(KIND)
    return endpoint
