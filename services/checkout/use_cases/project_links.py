"""Keeps checkout's projection of links: whatever order facts come in, the newest revision and counters stand."""

from collections.abc import Callable, Iterable, Sequence
from uuid import UUID

from services.checkout.store import link_view, merchants
from services.checkout.store.link_view import Counters
from services.checkout.store.merchants import Merchant
from shared.contracts.envelope import Received
from shared.contracts.links import LinkEvent, LinkView, MerchantView, OrganizationUpdated, UseEvent
from shared.kernel.moment import Clock
from shared.runtime.postgres import Transaction


class ProjectLinks:
    """`changed` is told the ids of links after the commit that changed them."""

    def __init__(self, clock: Clock, changed: Callable[[Iterable[UUID]], None]) -> None:
        self._clock = clock
        self._changed = changed
        self._touched: set[UUID] = set()

    async def __call__(self, tx: Transaction, received: Sequence[Received]) -> None:
        links: dict[UUID, LinkView] = {}
        counters: dict[UUID, Counters] = {}
        renamed: dict[UUID, Merchant] = {}
        for one in received:
            match one.event:
                case LinkEvent(link=link):
                    if link.id not in links or links[link.id].revision < link.revision:
                        links[link.id] = link  # with the counters that it had then; `find_link` takes the newer ones
                case UseEvent(link_id=UUID() as link_id, uses=uses, uses_max=uses_max):
                    exhausted = uses_max is not None and uses.used >= uses_max
                    _count(counters, Counters(link_id, uses, one.at if exhausted else None))
                case OrganizationUpdated(org_id=org_id, merchant=MerchantView() as merchant, revision=revision):
                    if org_id not in renamed or renamed[org_id].revision < revision:
                        renamed[org_id] = Merchant(org_id, revision, merchant)
                case _:
                    pass
        if links:
            await link_view.put_links(tx, list(links.values()), self._clock())
        if counters:
            await link_view.put_uses(tx, list(counters.values()))
        if renamed:
            # Whatever is kept of their links for a moment is gone by itself in that moment.
            await merchants.put(tx, list(renamed.values()), self._clock())
        self._touched |= links.keys() | counters.keys()

    def committed(self) -> None:
        touched, self._touched = self._touched, set()
        self._changed(touched)


def _count(counters: dict[UUID, Counters], new: Counters) -> None:
    known = counters.get(new.link_id)
    if known is None or known.uses.version < new.uses.version:
        counters[new.link_id] = new
