"""Requests that nobody would write, made from each OpenAPI document: no 5xx, and only what is documented.

`make fuzz` sends 10,000 to each dialect, `make test` some hundred.
"""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.support import servers
from tests.support.dialects import VOICES, Shop, Voice, shop_of
from tests.support.gate import gate_rig
from tests.support.links import GATED_ISSUER, GATED_SECRET, links_service
from tests.support.servers import Databases, Running

REQUESTS = 10_000 if os.environ.get("PAYLINKS_FUZZ") == "full" else 300
CHECKS = (
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
DOCUMENTS = {"native": "/openapi.json"} | {voice.name: f"/{voice.name}/openapi.json" for voice in VOICES[1:]}
REAL_LINKS = 5


class Target:
    """A whole rig of its own, and a shop in it whose links the requests meet by half."""

    def __init__(self, url: str, shop: Shop, links: list[str]) -> None:
        self.url = url
        self.shop = shop
        self.links = links
        self.http = requests.Session()

    def headers(self, name: str, path: str) -> dict[str, str]:
        """What the operation asks for; carts of a server's own are the one place of `catalog` that wants its key."""
        if path == "/checkout/create/":
            return {"Authorization": f"Api-Key {self.shop.tenant.bearer}"}
        return self.shop.headers(name)

    def schema(self, name: str) -> Any:
        document = httpx.get(self.url + DOCUMENTS[name]).json()
        root = document.get("servers", [{"url": ""}])[0]["url"] if name != "native" else ""
        self.root = self.url + root
        return schemathesis.openapi.from_dict(document)


@pytest.fixture(scope="module")
async def target(
    databases: Databases, nats_server: Running, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Target]:
    await servers.forget_streams(nats_server.url)
    async with gate_rig(tmp_path_factory.mktemp("generated"), databases, nats_server.url) as rig:
        trust = {"PAYLINKS_GATED_JWT_SECRET": GATED_SECRET, "PAYLINKS_GATED_JWT_ISSUER": GATED_ISSUER}
        await rig.replace("links", **trust)
        async with links_service(rig.dsns["links"]) as service:
            shop = await shop_of(service)
            links = [await voice.make(shop, voice.currencies[0]) for voice in VOICES for _ in range(REAL_LINKS)]
            yield Target(rig.servers["links"].url, shop, links)
    await servers.forget_streams(nats_server.url)


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_generated_requests_get_only_documented_answers(target: Target, name: str) -> None:
    seen = await asyncio.to_thread(send_all, target, name)
    # Requests that are all turned away at the door would prove nothing.
    assert seen[200] > 0
    assert seen[400] > 0
    assert seen[401] < sum(seen.values()) / 4
    print(f"{name}: {dict(sorted(seen.items()))}")


def send_all(target: Target, name: str) -> Counter[int]:
    operations = [result.ok() for result in target.schema(name).get_all_operations()]
    voice = next(voice for voice in VOICES if voice.name == name)
    seen: Counter[int] = Counter()
    for operation in operations:
        seen += send_some(target, voice, operation, count=-(-REQUESTS // len(operations)))
    return seen


def send_some(target: Target, voice: Voice, operation: Any, *, count: int) -> Counter[int]:
    seen: Counter[int] = Counter()
    headers = target.headers(voice.name, operation.path)

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), real=st.none() | st.sampled_from(target.links))
    def send(case: Any, real: str | None) -> None:
        if real is not None and "link_id" in (case.path_parameters or {}):
            case.path_parameters["link_id"] = voice.address(real)
        response = case.call(base_url=target.root, headers=headers, session=target.http)
        seen[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)

    send()
    return seen
