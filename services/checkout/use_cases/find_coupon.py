"""What a buyer's coupon takes off. Links knows; the answer is pinned in the session, and asked for only once."""

from services.checkout.domain.faults import CouponRefused
from services.checkout.domain.session import Discount
from services.checkout.peers.links import Links
from shared.contracts.links import CouponFound, LinkView
from shared.kernel.money import Money


class FindCoupon:
    def __init__(self, links: Links) -> None:
        self._links = links

    async def __call__(self, link: LinkView, code: str, *, subtotal: Money | None) -> CouponFound:
        """`subtotal` None: the buyer has not chosen an amount yet.

        Raises:
            CouponRefused: it takes nothing off at this link, now.
            Unavailable: links does not answer.
        """
        if not link.coupons_allowed:
            raise CouponRefused("not_allowed")
        answer = await self._links.find_coupon(link, code, subtotal=subtotal)
        if not isinstance(answer, CouponFound):
            raise CouponRefused(answer.reason)
        return answer

    async def discount(self, link: LinkView, code: str, *, subtotal: Money) -> Discount:
        """What it takes off `subtotal`. Raises: as above, and CouponRefused where nothing would be left to pay."""
        found = await self(link, code, subtotal=subtotal)
        off = found.discount
        if off is None or off.currency != subtotal.currency or not 0 <= off.minor < subtotal.minor:
            raise CouponRefused("leaves_nothing")
        return Discount(found.coupon_id, found.code, off)
