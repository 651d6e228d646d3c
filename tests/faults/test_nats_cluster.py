"""Three NATS servers with the configuration of deploy/kubernetes: one is killed among payments, and nothing is lost."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import nats
import pytest

from deploy.local.nats import bundled
from deploy.local.program import PROJECT, Program
from shared.contracts.subjects import STREAMS
from tests.e2e.api import Api, until
from tests.faults.buyers import buy
from tests.faults.checker import examine
from tests.support.manifests import named
from tests.support.processes import Server, free_port
from tests.support.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.fault, pytest.mark.timeout(240)]

CONFIG = PROJECT / "deploy/kubernetes/base/nats.conf"
SERVERS, BUYERS, AMOUNT = 3, 24, 61_030
_CONTAINER = named("StatefulSet", "nats")["spec"]["template"]["spec"]["containers"][0]
PROBES = [_CONTAINER[f"{kind}Probe"] for kind in ("startup", "liveness", "readiness")]


def rendered(number: int, ports: list[tuple[int, int, int]], folder: Path) -> str:
    """The file of the manifests; only names and ports, which the pods would have of their own, are others here."""
    client, monitor, cluster = ports[number]
    text = CONFIG.read_text()
    changes = {
        "port: 4222": f"host: 127.0.0.1\nport: {client}",
        "http_port: 8222": f"http_port: {monitor}",
        "port: 6222\n": f"host: 127.0.0.1\n  port: {cluster}\n",
        "store_dir: /data": f'store_dir: "{folder}/store-{number}"',
        **{f"nats-{one}.nats-headless:6222": f"127.0.0.1:{ports[one][2]}" for one in range(SERVERS)},
    }
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


async def is_ready(monitor: int) -> bool:
    """As the probes ask, and all three have met."""
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{monitor}", timeout=2) as client:
            asked = [probe["httpGet"]["path"] for probe in PROBES]
            healthy = [(await client.get(path)).status_code for path in asked]
            meta = (await client.get("/jsz")).json().get("meta_cluster") or {}
    except httpx.TransportError:
        return False
    return set(healthy) == {200} and meta.get("cluster_size") == SERVERS and bool(meta.get("leader"))


@pytest.fixture(scope="module")
async def servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[list[Server], None]:
    folder = tmp_path_factory.mktemp("cluster")
    ports = [(free_port(), free_port(), free_port()) for _ in range(SERVERS)]
    made = []
    for number, (client, monitor, _) in enumerate(ports):
        file = folder / f"nats-{number}.conf"
        file.write_text(rendered(number, ports, folder))
        program = Program(
            name=f"nats-{number}",
            command=[bundled("nats-server"), "--config", str(file)],
            environment={"POD_NAME": f"nats-{number}"},
            is_ready=lambda monitor=monitor: is_ready(monitor),
        )
        made.append(Server(program, url=f"nats://127.0.0.1:{client}", log=folder / f"nats-{number}.log"))
    for server in made:
        await server.spawn()
    for server in made:
        assert await server.ready(), server.log.read_text()[-3000:]
    yield made
    for server in made:
        await server.stop()


@pytest.fixture(scope="module")
async def api(servers: list[Server], tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Api, None]:
    environment = {"PAYLINKS_NATS_URL": servers[0].url, "PAYLINKS_NATS_REPLICAS": str(SERVERS)}
    stack = Stack(tmp_path_factory.mktemp("clustered") / "home", environment)
    await stack.start()
    client = Api(stack)
    yield client
    await client.close()
    await stack.stop()


async def test_one_of_three_servers_dies_among_payments_and_everything_is_counted_once(
    api: Api, servers: list[Server]
) -> None:
    client = await nats.connect(servers[1].url)
    for stream in STREAMS:
        info = await client.jetstream().stream_info(stream)
        assert info.config.num_replicas == SERVERS
        assert info.cluster is not None
        assert len(info.cluster.replicas or []) == SERVERS - 1
    pricing = {"type": "fixed", "amount_minor": AMOUNT, "currency": "UGX"}
    link = await api.link(title="Clustered", pricing=pricing, providers=["sandbox"])
    room, outcomes, middle = asyncio.Semaphore(8), Counter[str](), asyncio.Event()

    async def one(number: int) -> None:
        async with room:
            outcomes[await buy(api, link, number)] += 1
            if outcomes.total() >= BUYERS // 3:
                middle.set()

    buyers = [asyncio.create_task(one(number)) for number in range(BUYERS)]
    await asyncio.wait_for(middle.wait(), 60)
    # The one that the services were told of, and are connected to.
    await servers[0].kill()
    await asyncio.gather(*buyers)

    async def findings() -> dict[str, list[str]]:
        return (await examine(api, link, AMOUNT)).faults()

    assert await until(findings, lambda faults: not faults, 90) == {}
    assert outcomes["paid"] >= BUYERS - 8, "only those under way at the kill may have to pay anew"
    await servers[0].start()
    behind = await until(
        lambda: client.jetstream().stream_info("CHECKOUT"),
        lambda info: all(replica.current for replica in info.cluster.replicas),
        60,
    )
    assert {replica.name for replica in behind.cluster.replicas} | {behind.cluster.leader} == {
        "nats-0",
        "nats-1",
        "nats-2",
    }
    await client.close()
