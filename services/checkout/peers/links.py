"""What checkout asks links, over the bus."""

from datetime import datetime
from typing import Any, cast
from uuid import UUID

from shared.contracts.links import (
    FindCoupon,
    FindCouponReply,
    FindLink,
    FindLinkReply,
    HoldUse,
    HoldUseReply,
    LinkFound,
    LinkView,
)
from shared.contracts.subjects import COUPON_FIND, LINK_FIND, USE_HOLD
from shared.kernel.money import Money
from shared.runtime.broker import Broker


class Links:
    """Every question raises Unavailable when links does not answer."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker

    async def find(self, slug: str) -> LinkFound | None:
        return await self._find(FindLink(slug))

    async def find_by_id(self, link_id: UUID, *, slug: str = "") -> LinkFound | None:
        """`slug` is for links of before ids were asked for."""
        return await self._find(FindLink(slug, link_id))

    async def find_coupon(self, link: LinkView, code: str, *, subtotal: Money | None) -> FindCouponReply:
        """What the coupon takes off `subtotal` (None: what it takes off in general)."""
        ask = FindCoupon(org_id=link.org_id, livemode=link.livemode, link_id=link.id, code=code, subtotal=subtotal)
        return await self._broker.request(COUPON_FIND, ask, cast("Any", FindCouponReply))

    async def hold(
        self,
        link: LinkView,
        session_id: UUID,
        *,
        charge_id: UUID,
        held_until: datetime,
        coupon_id: UUID | None = None,
    ) -> HoldUseReply:
        """Takes one use for the session, and one redemption of the coupon; or extends the use that it has."""
        ask = HoldUse(
            org_id=link.org_id,
            link_id=link.id,
            session_id=session_id,
            charge_id=charge_id,
            held_until=held_until,
            coupon_id=coupon_id,
        )
        return await self._broker.request(USE_HOLD, ask, cast("Any", HoldUseReply))

    async def hold_by_id(
        self, *, org_id: UUID, link_id: UUID, session_id: UUID, charge_id: UUID, held_until: datetime
    ) -> HoldUseReply:
        ask = HoldUse(org_id=org_id, link_id=link_id, session_id=session_id, charge_id=charge_id, held_until=held_until)
        return await self._broker.request(USE_HOLD, ask, cast("Any", HoldUseReply))

    async def _find(self, ask: FindLink) -> LinkFound | None:
        answer = cast("FindLinkReply", await self._broker.request(LINK_FIND, ask, cast("Any", FindLinkReply)))
        return answer if isinstance(answer, LinkFound) else None
