"""The same servers from images, for those who ask by PAYLINKS_TEST_CONTAINERS=1 and have a Docker engine."""

import asyncio
import os
from pathlib import Path
from typing import Any

POSTGRES_IMAGE = "postgres:18-alpine"
NATS_IMAGE = "nats:2.12-alpine"
_NATS_CONFIGURATION = "jetstream { store_dir: /data, sync_interval: always }\n"


def wanted() -> bool:
    if os.environ.get("PAYLINKS_TEST_CONTAINERS") != "1":
        return False
    import docker
    from docker.errors import DockerException

    try:
        docker.from_env().ping()
    except DockerException:
        return False
    return True


class Container:
    """A started container; testcontainers' reaper removes it, too, when the run dies."""

    def __init__(self, container: Any, url: str) -> None:
        self._container = container
        self.url = url

    async def stop(self) -> None:
        await asyncio.to_thread(self._container.stop)


async def start_postgres() -> Container:
    from testcontainers.postgres import PostgresContainer

    container = PostgresContainer(POSTGRES_IMAGE, username="paylinks", password="tests", dbname="postgres", driver=None)
    container.with_command("postgres -c fsync=off -c max_connections=300")
    await asyncio.to_thread(container.start)
    return Container(container, container.get_connection_url())


async def start_nats(folder: Path) -> Container:
    from testcontainers.nats import NatsContainer

    container = NatsContainer(NATS_IMAGE)
    container.with_volume_mapping(str(_configured(folder)), "/etc/nats/tests.conf", "ro")
    container.with_command("--config /etc/nats/tests.conf")
    await asyncio.to_thread(container.start)
    return Container(container, container.nats_uri())


def _configured(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "nats.conf"
    configuration.write_text(_NATS_CONFIGURATION)
    return configuration
