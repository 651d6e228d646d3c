"""A merchant's own domain for the buyer's pages: links name it, and the pages work there."""

from collections.abc import AsyncGenerator

import httpx
import pytest

from tests.e2e.api import Api
from tests.e2e.buying import begin, by_phone, see_receipt
from tests.support.browsing import PHONE, Visitor

pytestmark = [pytest.mark.stack, pytest.mark.browser]


@pytest.fixture
async def own_domain(api: Api) -> AsyncGenerator[str]:
    """Another name of the same machine, as a merchant's domain is."""
    port = httpx.URL(api.stack.gateway).port
    mine = f"/v1/organizations/{api.stack.local['organization_id']}"
    origin = f"http://localhost:{port}"
    yield await _said(api, mine, origin)
    await _said(api, mine, None)


async def _said(api: Api, path: str, origin: str | None) -> str:
    answer = await api.merchant("PATCH", path, {"checkout_url": origin})
    assert answer.status_code == 200, answer.text
    return origin or ""


async def test_links_lead_to_the_merchants_domain_and_are_paid_there(api: Api, buyer: Visitor, own_domain: str) -> None:
    link = await api.link()
    assert link["url"] == f"{own_domain}/checkout/{link['slug']}"
    page = await buyer.open(link["url"], viewport=PHONE)
    await begin(page, "own-domain@browser.example")
    await by_phone(page)
    await see_receipt(page)
    assert (await api.settled(link))["uses"]["used"] == 1
