"""As test_generated_requests, for what checkout and notify serve themselves: no 5xx, and only what is documented."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import httpx
import pytest
import schemathesis

from services.notify.use_cases.intend_receipts import intend_receipts
from shared.contracts.checkout import CustomerView
from shared.kernel.ids import new_id
from shared.kernel.moment import utc_now
from tests.support import servers
from tests.support.checkout import PLATFORM_KEY, eventually, sandbox_server
from tests.support.gate import GateRig, gate_rig
from tests.support.generated import changes, sent
from tests.support.links import FIXED, ROOT, Tenant, links_service
from tests.support.mails import paid, received
from tests.support.servers import Databases, Running

FULL = os.environ.get("PAYLINKS_FUZZ") == "full"
REQUESTS = 11_500 if FULL else 240
"""For each document. Operations without parameters run out of different requests before their share is used up: so
many make 10,000."""
SECONDS_MAX = 3_600 if FULL else 180
NEVER_ENDS = frozenset({"stream_events"})
# A code that only a mail tells; what only a provider can sign; money that no policy holds back here; and a link that is
# named in the query, which sound requests are made without.
NEVER_DONE = frozenset(
    {"exchange_code", "post_callback", "put_callback", "accept_charge", "refund_charge", "explain_route"}
)


class Desk:
    """An organization, and what its key and its buyers may ask for."""

    def __init__(self, rig: GateRig, tenant: Tenant) -> None:
        self.rig, self.tenant = rig, tenant
        self.key = {"Authorization": f"Bearer {tenant.bearer}"}
        self.ids: dict[str, list[str]] = {}
        self.session = ""
        self.phones = 12345
        self._make: Mapping[str, Callable[[], Awaitable[list[str]]]] = {
            "slug": self._links,
            "session_id": self._sessions,
            "account_id": self._accounts,
            "charge_id": self._charges,
            "refund_id": self._refunds,
            "callback_id": self._callbacks,
            "endpoint_id": self._endpoints,
            "delivery_id": self._deliveries,
            "mail_id": self._mails,
            "suppression_id": self._suppressions,
        }

    async def refill(self, path: str, operation_id: str) -> None:
        for name, make in self._make.items():
            if f"{{{name}}}" in path:
                self.ids[name] = await make()
        if operation_id == "make_refund":
            self.ids["charge_id"] = await self._charges()
        if operation_id == "create_webhook_endpoint":
            # There may be twenty, and most of the requests are to find room.
            await self.rig.pools["notify"].execute("UPDATE webhook_endpoint SET deleted_at = now()")

    def headers(self, path: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.session}"} if "{session_id}" in path else self.key

    async def _ask(self, service: str, path: str, body: Any, status: int) -> Any:
        async with httpx.AsyncClient(base_url=self.rig.servers[service].url, headers=self.key, timeout=30) as http:
            answer = await http.post(path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    async def _links(self) -> list[str]:
        made = [await self._ask("links", ROOT, {"title": "T", "pricing": FIXED, **over}, 201) for over in ({}, GATED)]
        return [link["slug"] for link in made]

    async def _sessions(self) -> list[str]:
        slug = (await self._links())[0]
        answer = await self.rig.http.post(f"/v1/checkout/{slug}/sessions", json={})
        assert answer.status_code == 201, answer.text
        self.session = answer.json()["token"]
        return [answer.json()["id"]]

    async def _charges(self) -> list[str]:
        """Paid."""
        session = (await self._sessions())[0]
        self.phones += 1
        means = {"method": "mobile_money", "phone": f"+2567721{self.phones}"}
        path, token = f"/v1/checkout/sessions/{session}", {"Authorization": f"Bearer {self.session}"}
        answer = await self.rig.http.post(f"{path}/pay", json=means, headers=token)
        assert answer.status_code == 202, answer.text
        pool = self.rig.pools["checkout"]

        async def is_paid() -> bool:
            return (await self.rig.http.get(path, headers=token)).json()["status"] == "paid"

        await eventually(is_paid, seconds=10)
        return [str(await pool.fetchval("SELECT id FROM charge WHERE session_id = $1", UUID(session)))]

    async def _refunds(self) -> list[str]:
        body = {"charge_id": (await self._charges())[0]}
        return [(await self._ask("checkout", "/v1/refunds", body, 202))["id"]]

    async def _callbacks(self) -> list[str]:
        await self._charges()
        return [str(await self.rig.pools["checkout"].fetchval("SELECT max(id::text) FROM callback"))]

    async def _accounts(self) -> list[str]:
        return [(await self._ask("checkout", "/v1/provider-accounts", WAVE, 201))["id"]]

    async def _endpoints(self) -> list[str]:
        await self.refill("", "create_webhook_endpoint")
        return [(await self._ask("notify", "/v1/webhook-endpoints", {"url": "https://shop.example/h"}, 201))["id"]]

    async def _deliveries(self) -> list[str]:
        endpoint = (await self._endpoints())[0]
        delivery = await self._ask("notify", f"/v1/webhook-endpoints/{endpoint}/test", None, 202)
        await self.rig.pools["notify"].execute(
            "UPDATE webhook_delivery SET state = 'failed', finished_at = now() WHERE endpoint_id = $1", UUID(endpoint)
        )
        return [delivery["id"]]

    async def _mails(self) -> list[str]:
        pool = self.rig.pools["notify"]
        charge = paid(None, org_id=self.tenant.organization.id, livemode=False, customer=CustomerView("a@b.example"))
        async with pool.transaction() as tx:
            await intend_receipts(tx, [received(charge)], message_host="pay.example", now=utc_now())
        await pool.execute("UPDATE mail SET state = 'sent' WHERE charge_id = $1", charge.charge_id)
        return [str(await pool.fetchval("SELECT id FROM mail WHERE charge_id = $1", charge.charge_id))]

    async def _suppressions(self) -> list[str]:
        made = [new_id() for _ in range(5)]
        await self.rig.pools["notify"].execute(
            "INSERT INTO suppression SELECT id, $2, id::text, '550 5.1.1', id, now() FROM unnest($1::uuid[]) AS t (id)",
            made,
            self.tenant.organization.id,
        )
        return [str(one) for one in made]


GATED = {"gate": "otp", "recipient": {"email": "amina@example.com"}}
WAVE = {
    "provider": "wave",
    "credentials": {"api_key": "wave_sn_prod_xxxxxxxx", "webhook_secret": "wave_sn_WHS_xxxxxxxx"},
}


@pytest.fixture(scope="module")
async def desk(
    databases: Databases, nats_server: Running, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Desk]:
    await servers.forget_streams(nats_server.url)
    folder = tmp_path_factory.mktemp("generated")
    sandbox = sandbox_server(folder)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(sandbox.stop)
        await sandbox.start()
        rig = await stack.enter_async_context(gate_rig(folder, databases, nats_server.url))
        where = {"PAYLINKS_SANDBOX_URL": sandbox.url, "PAYLINKS_SANDBOX_PLATFORM_KEY": PLATFORM_KEY}
        await rig.replace("checkout", **where)
        service = await stack.enter_async_context(links_service(rig.dsns["links"]))
        yield Desk(rig, await service.tenant())
    await servers.forget_streams(nats_server.url)


@pytest.mark.timeout(SECONDS_MAX)
@pytest.mark.parametrize("name", ["notify", "checkout"])
async def test_generated_requests_get_only_documented_answers(desk: Desk, name: str) -> None:
    url = desk.rig.servers[name].url
    async with httpx.AsyncClient(base_url=url) as client:
        document = (await client.get("/openapi.json")).json()
    operations = [result.ok() for result in schemathesis.openapi.from_dict(document).get_all_operations()]
    operations = [one for one in operations if described(document, one)["operationId"] not in NEVER_ENDS]
    count = -(-REQUESTS // len(operations))
    seen: dict[str, Counter[int]] = {}
    for operation in operations:
        about = described(document, operation)
        await desk.refill(operation.path, about["operationId"])
        change = changes(desk.ids, example_of(about))
        headers = desk.headers(operation.path)
        seen[about["operationId"]] = await asyncio.to_thread(
            sent, url, operation, headers=headers, change=change, count=count
        )
    total = sum(seen.values(), Counter[int]())
    print(f"{name}: {total.total()} requests, {dict(sorted(total.items()))}")
    for operation_id, statuses in seen.items():
        print(f"  {operation_id}: {dict(sorted(statuses.items()))}")
    # Requests that are all turned away at the door would prove nothing.
    assert total[400] > 0
    assert total[401] < total.total() / 4
    assert not [one for one, statuses in seen.items() if one not in NEVER_DONE and not min(statuses) < 300], (
        "never done"
    )


def described(document: Mapping[str, Any], operation: Any) -> dict[str, Any]:
    return document["paths"][operation.path][operation.method]


def example_of(about: Mapping[str, Any]) -> Any:
    """A body that the operation takes; None where it takes none."""
    if "requestBody" not in about:
        return None
    content = about["requestBody"]["content"]["application/json"]
    return content.get("example") or next((one["value"] for one in content.get("examples", {}).values()), {})
