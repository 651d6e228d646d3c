"""A merchant's webhooks through a whole stack: asked for with a key, and sent as buyers pay."""

from collections.abc import AsyncGenerator

import pytest

from tests.e2e.api import Api, until
from tests.support.stack import Stack
from tests.support.webhooks import receiver

pytestmark = pytest.mark.stack

STORY = [
    "link.created",
    "session.opened",
    "charge.created",
    "charge.pending",
    "charge.succeeded",
    "mail.sent",
    "link.ended",
]


@pytest.fixture
async def api(stack: Stack) -> AsyncGenerator[Api, None]:
    client = Api(stack)
    yield client
    await client.close()


async def test_a_payment_is_told_to_the_merchants_server_signed_and_in_order(api: Api) -> None:
    async with receiver() as shop:
        made = (await api.merchant("POST", "/v1/webhook-endpoints", {"url": shop.url})).json()
        link = await api.link(title="Told by webhook")
        await api.paid(link, "webhooks@example.com")

        async def told(last: str) -> list[str]:
            async def names() -> list[str]:
                mine = [one.payload for one in shop.arrived if one.payload["data"].get("link_id") == link["id"]]
                return [one["type"] for one in mine]

            return await until(names, lambda found: last in found)

        await told("mail.sent")
        await api.merchant("DELETE", f"/v1/payment-links/{link['id']}")
        assert sorted(await told("link.ended")) == sorted(STORY)
        shop.verify(made["secret"])
        of_checkout = [one for one in await told("link.ended") if one.startswith(("session", "charge"))]
        assert of_checkout == STORY[1:5]
        path = f"/v1/webhook-endpoints/{made['id']}"
        log = (await api.merchant("GET", f"{path}/deliveries?link_id={link['id']}")).json()["data"]
        assert {(one["state"], one["attempts"]) for one in log} == {("delivered", 1)}
        assert len(log) == len(STORY)
        assert (await api.merchant("DELETE", path)).status_code == 204


async def test_a_stranger_learns_nothing_at_the_gateway(api: Api) -> None:
    for path in ("/v1/webhook-endpoints", "/v1/webhook-deliveries/01930000-0000-7000-8000-00000000000c"):
        refused = await api.send.get(path)
        assert (refused.status_code, refused.json()["code"]) == (401, "unauthorized")
    described = (await api.send.get("/docs/openapi/notify.json")).json()
    assert "/v1/webhook-endpoints/{endpoint_id}/test" in described["paths"]
