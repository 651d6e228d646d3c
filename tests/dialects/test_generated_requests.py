"""Requests that nobody would write, made from each OpenAPI document: no 5xx, and only what is documented.

`make fuzz` sends 10,000 to each dialect, `make test` some hundred.
"""

import os
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path
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
from tests.support.dialects import VOICES, Shop, shop_of
from tests.support.links import links_service
from tests.support.links_process import links_process
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
    """A server of its own, and a shop in it whose links the requests meet by half."""

    def __init__(self, url: str, shop: Shop, links: list[str]) -> None:
        self.url = url
        self.shop = shop
        self.links = links
        self.http = requests.Session()

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
    dsn = await databases.clone("links")
    folder: Path = tmp_path_factory.mktemp("generated")
    server = links_process(dsn, nats_url=nats_server.url, folder=folder)
    await server.start()
    async with links_service(dsn) as service:
        shop = await shop_of(service)
        links = [await voice.make(shop, voice.currencies[0]) for voice in VOICES for _ in range(REAL_LINKS)]
        yield Target(server.url, shop, links)
    await server.stop()
    await databases.drop(dsn)
    await servers.forget_streams(nats_server.url)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_generated_requests_get_only_documented_answers(target: Target, name: str) -> None:
    operations = [result.ok() for result in target.schema(name).get_all_operations()]
    voice = next(voice for voice in VOICES if voice.name == name)
    headers = target.shop.headers(name)
    each = -(-REQUESTS // len(operations))
    seen: Counter[int] = Counter()
    for operation in operations:

        @settings(
            max_examples=each,
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
    # Requests that are all turned away at the door would prove nothing.
    assert seen[200] > 0
    assert seen[400] > 0
    assert seen[401] < sum(seen.values()) / 10
    print(f"{name}: {dict(sorted(seen.items()))}")
