"""Keeps what provider accounts take: of two facts about one account the newer stands, in whatever order they come."""

from collections.abc import Sequence
from uuid import UUID

from services.links.store import provider_accounts
from shared.contracts.checkout import ProviderAccountEvent
from shared.contracts.envelope import Received
from shared.runtime.postgres import Transaction


async def project_accounts(tx: Transaction, received: Sequence[Received]) -> None:
    newest: dict[UUID, ProviderAccountEvent] = {}
    for one in received:
        event = one.event
        if not isinstance(event, ProviderAccountEvent):
            continue
        known = newest.get(event.account_id)
        if known is None or known.version < event.version:
            newest[event.account_id] = event
    if newest:
        await provider_accounts.project(tx, list(newest.values()))
