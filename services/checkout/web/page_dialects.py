"""A link at the addresses that dialects give it: the very page of `/checkout/{slug}`, and its form posts there."""

from typing import Any, Final
from uuid import UUID

from litestar import get
from litestar.response.base import ASGIResponse

from services.checkout.domain.faults import LinkNotFound
from services.checkout.use_cases.checkout import Checkout
from services.checkout.web.page_answers import HttpRequest, Pages
from services.checkout.web.page_link import LinkPage
from shared.contracts.links import (
    CartView,
    FixedView,
    FlexibleView,
    LinkView,
    OpenView,
    PlanView,
    PricingView,
    ProductView,
)

PREFIXES: Final = ("/collections/generation/pay/", "/core/instant/", "/core/product/", "/core/plan/")
_KINDS: Final[dict[str, tuple[type[PricingView], ...]]] = {
    # Core knows no carts: it may call one either way.
    "instant": (FixedView, FlexibleView, OpenView, CartView),
    "product": (ProductView, CartView),
    "plan": (PlanView,),
}


def routes(checkout: Checkout, pages: Pages) -> list[Any]:
    page = LinkPage(checkout, pages)

    @get("/collections/generation/pay/{slug:str}", include_in_schema=False)
    async def show_collections_link(request: HttpRequest, slug: str) -> ASGIResponse:
        return await page.show(request, slug)

    @get("/core/{kind:str}/{link_id:str}", include_in_schema=False)
    async def show_core_link(request: HttpRequest, kind: str, link_id: str) -> ASGIResponse:
        kinds = _KINDS.get(kind, ())

        def fits(link: LinkView) -> bool:
            return isinstance(link.pricing, kinds)

        return await page.show(request, _uuid(link_id), fits=fits)

    return [show_collections_link, show_core_link]


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise LinkNotFound from None
