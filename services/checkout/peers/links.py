"""What checkout asks links, over the bus."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from shared.contracts.links import FindLink, FindLinkReply, HoldUse, HoldUseReply, LinkFound, LinkView
from shared.contracts.subjects import LINK_FIND, USE_HOLD
from shared.runtime.broker import Broker


class Links:
    """Every question raises Unavailable when links does not answer."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def find(self, slug: str) -> LinkView | None:
        answer = cast(
            "FindLinkReply", await self._broker.request(LINK_FIND, FindLink(slug), cast("Any", FindLinkReply))
        )
        return answer.link if isinstance(answer, LinkFound) else None

    async def hold(self, link: LinkView, session_id: UUID, *, charge_id: UUID, held_until: datetime) -> HoldUseReply:
        """Takes one use for the session, or extends the one it has."""
        return await self.hold_by_id(
            org_id=link.org_id, link_id=link.id, session_id=session_id, charge_id=charge_id, held_until=held_until
        )

    async def hold_by_id(
        self, *, org_id: UUID, link_id: UUID, session_id: UUID, charge_id: UUID, held_until: datetime
    ) -> HoldUseReply:
        ask = HoldUse(org_id=org_id, link_id=link_id, session_id=session_id, charge_id=charge_id, held_until=held_until)
        return await self._broker.request(USE_HOLD, ask, cast("Any", HoldUseReply))
