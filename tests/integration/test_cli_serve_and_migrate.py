"""`paylinks serve` and `paylinks migrate`: how a service and its database are run on a server."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Mapping
from pathlib import Path

import httpx
import psutil
import pytest

from deploy.cli.workers import Workers
from tests.conftest import Database
from tests.e2e.api import until
from tests.support.cli import called, paylinks
from tests.support.links import GATED_ISSUER, GATED_SECRET, PUBLIC_URL, SECRET_KEY
from tests.support.processes import free_port
from tests.support.servers import Databases

STOP_SECONDS_MAX = 6
Process = asyncio.subprocess.Process


@pytest.fixture
async def environment(databases: Databases, nats_url: str) -> AsyncGenerator[Mapping[str, str], None]:
    dsn = await databases.empty()
    yield {
        "PAYLINKS_POSTGRES_DSN": dsn,
        "PAYLINKS_NATS_URL": nats_url,
        "PAYLINKS_PUBLIC_URL": PUBLIC_URL,
        "PAYLINKS_SECRET_KEY": SECRET_KEY,
        "PAYLINKS_GATED_JWT_SECRET": GATED_SECRET,
        "PAYLINKS_GATED_JWT_ISSUER": GATED_ISSUER,
    }
    await databases.drop(dsn)


async def is_ready(port: int) -> bool:
    try:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"http://127.0.0.1:{port}/ready", timeout=3)).status_code == 200
    except httpx.TransportError:
        return False


async def stopped(process: Process, number: signal.Signals = signal.SIGTERM) -> int:
    process.send_signal(number)
    _, errors = await asyncio.wait_for(process.communicate(), STOP_SECONDS_MAX)
    assert process.returncode is not None
    assert b"Traceback" not in errors
    return process.returncode


async def test_a_service_waits_for_migrations_that_it_is_not_to_run_itself(environment: Mapping[str, str]) -> None:
    port = free_port()
    more = {**environment, "PAYLINKS_MIGRATE_AT_START": "0"}
    process = await paylinks("serve", "links", "--port", str(port), **more)
    code, output, _ = await called("migrate", "links", "--dry-run", **environment)
    rows = [json.loads(line) for line in output.splitlines()]
    assert (code, {row["state"] for row in rows}) == (1, {"pending"})
    await asyncio.sleep(1)
    assert not await is_ready(port)
    code, output, _ = await called("migrate", "links", "--no-json", **environment)
    assert (code, output.splitlines()[-1]) == (0, f"links: up to date, {len(rows)} applied.")
    await until(lambda: is_ready(port), bool)
    assert await stopped(process) == 0
    code, output, _ = await called("migrate", "links", "--dry-run", "--json", **environment)
    assert (code, {json.loads(line)["state"] for line in output.splitlines()}) == (0, {"applied"})


async def test_a_service_that_waits_ends_when_it_is_told_to(environment: Mapping[str, str]) -> None:
    port = str(free_port())
    for more in ({"PAYLINKS_MIGRATE_AT_START": "0"}, {"PAYLINKS_POSTGRES_DSN": "postgresql://127.0.0.1:9/x"}):
        process = await paylinks("serve", "links", "--port", port, **{**environment, **more})
        assert process.stderr is not None
        assert b"service.waiting_for_" in await asyncio.wait_for(process.stderr.readline(), 20)
        assert await stopped(process) == 0


async def test_workers_share_a_port_are_started_again_and_end_together(environment: Mapping[str, str]) -> None:
    port = free_port()
    process = await paylinks("serve", "links", "--port", str(port), "--workers", "2", **environment)

    def workers() -> list[int]:
        return [one.pid for one in psutil.Process(process.pid).children()]

    await until(lambda: is_ready(port), bool)
    first = workers()
    assert len(first) == 2
    os.kill(first[0], signal.SIGKILL)

    async def both() -> bool:
        return len(workers()) == 2 and first[0] not in workers() and await is_ready(port)

    await until(both, bool)
    left = workers()
    assert await stopped(process, signal.SIGINT) == 0
    assert not any(psutil.pid_exists(pid) for pid in left)


async def test_a_service_without_its_settings_says_so_and_ends() -> None:
    process = await paylinks("serve", "checkout", PAYLINKS_POSTGRES_DSN="")
    _, errors = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 1
    assert errors.startswith(b"paylinks checkout: Settings: please set")
    assert errors.count(b"\n") == 1


async def test_workers_that_never_stay_are_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.cli.workers.RESTART_SECONDS_MIN", 0.01)
    assert await Workers([sys.executable, "-c", "exit(3)"], {}, count=2).run() == 1


@pytest.mark.parametrize("arguments", [["nobody"], ["links", "--port", "0"], ["links", "--workers", "0"], []])
async def test_what_cannot_be_served_is_refused(arguments: list[str]) -> None:
    code, output, errors = await called("serve", *arguments)
    assert code != 0
    assert output + errors


async def test_of_two_that_migrate_at_once_one_works_and_the_other_finds_it_done(databases: Databases) -> None:
    dsn = await databases.empty()
    runs = [await paylinks("migrate", "notify", "--postgres", dsn) for _ in range(2)]
    said = [(await asyncio.wait_for(run.communicate(), 30))[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    fresh = [{json.loads(line)["now"] for line in output.splitlines()} for output in said]
    assert sorted(fresh, key=len) in ([{True}, {False}], [{False}, {True}])
    await databases.drop(dsn)


async def test_all_databases_of_the_running_stack_are_migrated(databases: Databases, tmp_path: Path) -> None:
    dsns = {name: await databases.empty() for name in ("links", "checkout", "notify")}
    (tmp_path / "local.json").write_text(json.dumps({"postgres": dsns}))
    code, output, errors = await called("migrate", "--no-json", PAYLINKS_HOME=str(tmp_path))
    assert (code, errors) == (0, "")
    assert next(line for line in output.splitlines() if "up to date" in line).startswith("links: up to date")
    assert output.count("up to date") == 3
    for dsn in dsns.values():
        await databases.drop(dsn)


async def test_what_cannot_be_migrated_is_one_sentence(database: Database, tmp_path: Path) -> None:
    dsn = await database("notify")
    for arguments, sentence in (
        (["links", "--postgres", "postgresql://127.0.0.1:9/x"], "The database of links does not answer."),
        (["links", "--postgres", dsn.replace("tests@", "wrong@")], "The database of links refuses:"),
        (["--postgres", dsn], "--postgres names one database"),
        (["all"], "No stack is running here"),
        (["links", "--postgres", "nonsense"], "The database of links"),
    ):
        home = {"PAYLINKS_HOME": str(tmp_path), "PAYLINKS_POSTGRES_DSN": ""}
        code, output, errors = await called("migrate", *arguments, **home)
        assert (code, output, errors.count("\n")) == (1, "", 1), (arguments, errors)
        assert errors.startswith(sentence), errors
