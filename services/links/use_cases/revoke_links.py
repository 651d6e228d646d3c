"""Ends every link of a recipient, for a merchant who has sent somebody the wrong thing."""

from datetime import datetime
from typing import Final
from uuid import UUID

from services.links.store import recipients
from services.links.use_cases.change_link import move_link
from services.links.use_cases.clients import Client, Clients
from services.links.use_cases.otp import address_of
from shared.kernel.answer import Answer
from shared.runtime.postgres import Postgres

PAGE: Final = 200
_BELOW_ALL_IDS: Final = UUID(int=0)
_DONE: Final = Answer(status=200, body=b"")


async def revoke_links_of(pg: Postgres, clients: Clients, client: Client, email: str, *, now: datetime) -> int:
    """How many were open until now; an internal-admin ends them in every organization.

    Each is a transaction of its own: asking again goes on where it stopped.

    Raises:
        Invalid: that is no address.
    """
    address = address_of(email)
    org_id = None if client.role == "internal-admin" else client.org_id
    revoked, after = 0, _BELOW_ALL_IDS
    while True:
        page = await recipients.page_of_open(
            pg, address, livemode=clients.livemode, org_id=org_id, after=after, limit=PAGE, now=now
        )
        for link_id, owner in page:
            await move_link(
                pg,
                await clients.actor(client, owner),
                link_id,
                verb="revoke",
                expects=lambda _: True,
                key=None,
                render=lambda _: _DONE,
                now=now,
            )
            revoked += 1
        if len(page) < PAGE:
            return revoked
        after = page[-1][0]
