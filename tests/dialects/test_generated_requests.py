"""Requests that nobody would write, made from each OpenAPI document: no 5xx, and only what is documented.

`make fuzz` sends 10,000 to each dialect, `make test` some hundred.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncGenerator, Mapping
from typing import Any, NamedTuple

import httpx
import pytest
import schemathesis

from tests.support import servers
from tests.support.dialects import VOICES, shop_of
from tests.support.gate import gate_rig
from tests.support.generated import Meetable, changes, sent
from tests.support.links import GATED_ISSUER, GATED_SECRET, LinksService, links_service
from tests.support.members import someone
from tests.support.servers import Databases, Running

FULL = os.environ.get("PAYLINKS_FUZZ") == "full"
REQUESTS = 11_500 if FULL else 300
"""For each document. Operations without parameters run out of different requests before their share is used up: so
many make 10,000."""
SECONDS_MAX = 3_600 if FULL else 180
DOCUMENTS = {"native": "/openapi.json"} | {voice.name: f"/{voice.name}/openapi.json" for voice in VOICES[1:]}
# What cannot be known beforehand: a code or an invitation, which only a mail or an answer tells; and a session's own
# password, where a key asks.
NEVER_DONE = frozenset({"verifyOtp", "acceptInvitation", "changePassword"})
# A key is rotated once, and then has its successor.
DONE_ONCE = frozenset({"rotateApiKey"})
CREATED_SHARE_MIN = 0.1


class Target(NamedTuple):
    """A whole rig of its own at `url`; `service` is beside it, on the same database, to make what requests meet."""

    url: str
    service: LinksService


class Seen(NamedTuple):
    operation_id: str
    creates: bool
    statuses: Counter[int]

    @property
    def is_enough(self) -> bool:
        """Whether what creates did so in a fair share, and everything else at least once."""
        if self.operation_id in NEVER_DONE:
            return True
        done = sum(count for status, count in self.statuses.items() if status < httpx.codes.MULTIPLE_CHOICES)
        in_fair_share = self.creates and self.operation_id not in DONE_ONCE
        return done >= max(1, self.statuses.total() * CREATED_SHARE_MIN if in_fair_share else 1)


@pytest.fixture(scope="module")
async def target(
    databases: Databases, nats_server: Running, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Target]:
    await servers.forget_streams(nats_server.url)
    async with gate_rig(tmp_path_factory.mktemp("generated"), databases, nats_server.url) as rig:
        trust = {"PAYLINKS_GATED_JWT_SECRET": GATED_SECRET, "PAYLINKS_GATED_JWT_ISSUER": GATED_ISSUER}
        await rig.replace("links", **trust)
        async with links_service(rig.dsns["links"]) as service:
            yield Target(rig.servers["links"].url, service)
    await servers.forget_streams(nats_server.url)


@pytest.mark.timeout(SECONDS_MAX)
@pytest.mark.parametrize("name", DOCUMENTS)
async def test_generated_requests_get_only_documented_answers(target: Target, name: str) -> None:
    async with httpx.AsyncClient(base_url=target.url) as client:
        document = (await client.get(DOCUMENTS[name])).json()
    operations = [result.ok() for result in schemathesis.openapi.from_dict(document).get_all_operations()]
    shop = await shop_of(target.service)
    voice = next(voice for voice in VOICES if voice.name == name)
    meets = Meetable(shop, voice, await someone(target.service, shop.tenant, "viewer"))
    await meets.fill()
    count = -(-REQUESTS // len(operations))
    seen = [await send_some(target.url, meets, operation, document, count=count) for operation in operations]
    total = sum((each.statuses for each in seen), Counter[int]())
    print(f"{name}: {total.total()} requests, {dict(sorted(total.items()))}")
    for each in seen:
        print(f"  {each.operation_id}: {dict(sorted(each.statuses.items()))}")
    # Requests that are all turned away at the door would prove nothing.
    assert total[400] > 0
    assert total[401] < total.total() / 4
    assert not [each for each in seen if not each.is_enough], "too rarely done"


async def send_some(url: str, meets: Meetable, operation: Any, document: Mapping[str, Any], *, count: int) -> Seen:
    described = document["paths"][operation.path][operation.method]
    await meets.refill(operation.path)
    sound = await meets.sound_body(operation, document)
    headers = headers_of(meets, operation.path)
    root = url + document["servers"][0]["url"].rstrip("/")
    change = changes(meets.ids, sound)
    statuses = await asyncio.to_thread(sent, root, operation, headers=headers, change=change, count=count)
    return Seen(described["operationId"], creates="201" in described["responses"], statuses=statuses)


def headers_of(meets: Meetable, path: str) -> dict[str, str]:
    """What the operation asks for; carts of a server's own are the one place of `catalog` that wants its key."""
    if path == "/checkout/create/":
        return {"Authorization": f"Api-Key {meets.shop.tenant.bearer}"}
    if path == "/api/logout/":  # of somebody else, or nobody is let in any more
        return {"Authorization": meets.person.client.headers["Authorization"].replace("Bearer", "Token")}
    return meets.shop.headers(meets.voice.name)
