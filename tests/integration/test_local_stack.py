"""The whole stack as a person starts and stops it, and as a bad day treats it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import httpx
import psutil
import pytest

from deploy.local.simulators import SIMULATORS
from tests.support.processes import free_port

PROJECT = Path(__file__).resolve().parents[2]
SERVERS = {"nats", "postgres", "gateway", "sandbox", "mailbox", *(one.name for one in SIMULATORS)}
PARTS = {"links", "checkout", "notify", *SERVERS}

pytestmark = pytest.mark.stack


class RunningStack:
    """`paylinks up` in a session of its own, as a terminal would hold it."""

    def __init__(self, home, **environment):
        self.home = home
        self.port = free_port()
        self._said = home.parent / f"{home.name}.{self.port}.out"
        with self._said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-c", "from deploy.cli.main import main; main()", "up"],
                cwd=PROJECT,
                env=os.environ | {"PAYLINKS_HOME": str(home), "PAYLINKS_PORT": str(self.port)} | environment,
                stdout=said,
                stderr=said,
                start_new_session=True,
            )
        self.began = time.monotonic()

    async def ready(self):
        # Not by local.json alone: that of a stack that was killed is still there when the next one begins.
        await until(lambda: "Ctrl-C stops everything" in self.said() or self.process.poll() is not None, seconds=60)
        assert self.process.poll() is None, self.said()
        return self

    def local(self):
        return json.loads((self.home / "local.json").read_text())

    def pid(self, name):
        (pid,) = self.local()["processes"][name]
        return pid

    def descendants(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def said(self):
        return self._said.read_text()

    async def stop(self, number=signal.SIGINT):
        self.process.send_signal(number)
        await until(lambda: self.process.poll() is not None, seconds=20)
        return self.process.returncode

    async def refused(self):
        """What it said instead of starting."""
        await until(lambda: self.process.poll() is not None, seconds=15)
        assert self.process.returncode == 1
        assert "Traceback" not in self.said()
        return self.said()


async def until(holds, *, seconds):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"did not hold within {seconds} s"
        await asyncio.sleep(0.02)


def all_gone(processes):
    return all(not process.is_running() or process.status() == psutil.STATUS_ZOMBIE for process in processes)


def query(dsn, statement):
    from deploy.local.postgres_data import binaries

    done = subprocess.run(
        [binaries() / "psql", "-XAtq", "-d", dsn, "-c", statement], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
async def start():
    started = []

    def begin(home, **environment):
        started.append(RunningStack(home, **environment))
        return started[-1]

    yield begin
    for running in started:
        if running.process.poll() is None:
            await running.stop()


@pytest.fixture(scope="module")
async def stack(tmp_path_factory):
    running = RunningStack(tmp_path_factory.mktemp("stack") / "var")
    try:
        yield await running.ready()
    finally:
        if running.process.poll() is None:
            await running.stop()


async def test_it_says_where_to_go_and_every_part_answers_there(stack):
    local = stack.local()
    assert local["gateway"] == f"http://127.0.0.1:{stack.port}"
    assert set(local["processes"]) == PARTS
    assert local["gateway"] in stack.said()
    async with httpx.AsyncClient() as http:
        assert (await http.get(f"{local['gateway']}/")).status_code == 200
        assert (await http.get(local["mailbox_json"])).json() == []
        for origin in local["services"].values():
            assert (await http.get(f"{origin}/ready")).status_code == 200
    for dsn in local["postgres"].values():
        assert query(dsn, "SHOW synchronous_commit; SHOW fsync; SHOW timezone").split() == ["on", "on", "UTC"]


@pytest.mark.parametrize("name", sorted(PARTS))
async def test_a_killed_part_is_started_again_and_local_json_says_so(stack, name):
    before = stack.pid(name)
    orphans_to_be = psutil.Process(before).children(recursive=True)
    os.kill(before, signal.SIGKILL)
    await until(lambda: stack.pid(name) != before, seconds=10)
    await until(lambda: f"{name:<11} ready again" in stack.said(), seconds=15)
    assert psutil.pid_exists(stack.pid(name))
    assert all_gone(orphans_to_be)


async def test_another_start_on_the_same_folder_is_refused(stack, start):
    assert "already runs on" in await start(stack.home).refused()
    assert stack.process.poll() is None
    assert stack.local()["processes"]


async def test_a_second_stack_runs_beside_it_and_after_ctrl_c_goes_on_with_its_data_within_ten_seconds(
    stack, start, tmp_path
):
    home = tmp_path / 'Mes données "à moi" $x'
    first = await start(home).ready()
    first_seconds = time.monotonic() - first.began
    everything = first.descendants()
    assert len(everything) >= len(PARTS)
    assert first.local()["nats"] != stack.local()["nats"]
    dsn = first.local()["postgres"]["links"]
    query(dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert await first.stop(signal.SIGINT) == 0
    assert all_gone(everything)
    assert not (first.home / "local.json").exists()
    async with httpx.AsyncClient() as http:
        assert (await http.get(f"{stack.local()['gateway']}/health")).status_code == 204
    second = await start(home).ready()
    # On a machine that is busy with other tests both take longer; the second still has less to do.
    assert time.monotonic() - second.began < max(10, first_seconds)
    assert second.local()["postgres"]["links"] == dsn
    assert query(dsn, "SELECT answer FROM kept") == "42"
    assert await second.stop(signal.SIGTERM) == 0


async def test_killing_the_supervisor_leaves_no_process_and_the_next_start_recovers(start, tmp_path):
    """As root without user namespaces, below a folder that is closed to the system user that PostgreSQL runs as.

    For anybody but root these are ordinary starts.
    """
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "setpriv").symlink_to("/usr/bin/setpriv")
    (tmp_path / "closed").mkdir(mode=0o700)
    home, path = tmp_path / "closed" / "var", str(tmp_path / "bin")
    first = await start(home, PATH=path).ready()
    assert psutil.Process(first.pid("postgres")).uids().effective != 0
    everything = first.descendants()
    first.process.kill()
    first.process.wait()
    await until(lambda: all_gone(everything), seconds=5)
    second = await start(home, PATH=path).ready()
    # The terminal was closed.
    assert await second.stop(signal.SIGHUP) == 0


async def test_ctrl_c_while_it_starts_leaves_nothing(start, tmp_path):
    starting = start(tmp_path / "var")
    await until(starting.descendants, seconds=10)
    everything = starting.descendants()
    assert await starting.stop() == 0
    assert all_gone(everything)


def a_file(home):
    home.write_text("a file")


def a_garbled_database(home):
    (home / "postgres" / "base").mkdir(parents=True)


def garbled_secrets(home):
    home.mkdir()
    (home / "secrets.json").write_text("{")


def a_folder_for_a_file(home):
    (home / "local.json").mkdir(parents=True)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (a_folder_for_a_file, "(is a directory: "),
        (a_file, "is not a folder"),
        (a_garbled_database, "does not hold a PostgreSQL database"),
        (garbled_secrets, "cannot be read"),
    ],
)
async def test_a_broken_data_folder_is_one_sentence(start, tmp_path, spoil, sentence):
    spoil(tmp_path / "var")
    assert sentence in await start(tmp_path / "var").refused()


async def test_a_taken_gateway_port_is_one_sentence(start, tmp_path, stack):
    said = await start(tmp_path / "var", PAYLINKS_PORT=str(stack.port)).refused()
    assert f"Port {stack.port} is taken by another program" in said


class Way:
    """A port that leads to another, from `open` on: a server that comes later."""

    def __init__(self, to):
        self.port = free_port()
        self._to = to

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._pass, "127.0.0.1", self.port)

    async def __aexit__(self, *_):
        self._server.close()

    async def _pass(self, reader, writer):
        there, back = await asyncio.open_connection("127.0.0.1", self._to)
        await asyncio.gather(self._copy(reader, back), self._copy(there, writer))

    async def _copy(self, reader, writer):
        with suppress(ConnectionError):
            while piece := await reader.read(65_536):
                writer.write(piece)
                await writer.drain()
        writer.close()


async def test_parts_may_come_from_outside_also_when_they_come_later(start, tmp_path, stack):
    """The servers of a running stack serve as the outside ones of another."""
    local = stack.local()
    ports = json.loads((stack.home / "ports.json").read_text())
    ways = {name: Way(ports[name]) for name in ("postgres", "nats", "smtp")}
    other = start(
        tmp_path / "var",
        PAYLINKS_POSTGRES_DSN=local["postgres"]["links"]
        .replace("/paylinks_links", "/postgres")
        .replace(str(ports["postgres"]), str(ways["postgres"].port)),
        PAYLINKS_NATS_URL=f"nats://127.0.0.1:{ways['nats'].port}",
        PAYLINKS_SMTP_URL=f"smtp://127.0.0.1:{ways['smtp'].port}",
    )
    await until(
        lambda: all(f"waiting for yours at 127.0.0.1:{way.port}" in other.said() for way in ways.values()), seconds=15
    )
    async with ways["postgres"], ways["nats"], ways["smtp"]:
        await other.ready()
        assert set(other.local()["processes"]) == PARTS - {"postgres", "nats", "mailbox"}
        assert other.local()["mailbox"] is None
        dsn = other.local()["postgres"]["links"]
        assert await asyncio.to_thread(query, dsn, "SELECT count(*) > 0 FROM organization") == "t"
        assert await other.stop() == 0


async def test_an_outside_server_that_refuses_is_one_sentence(start, tmp_path, stack):
    server = f"127.0.0.1:{json.loads((stack.home / 'ports.json').read_text())['postgres']}"
    said = await start(tmp_path / "var", PAYLINKS_POSTGRES_DSN=f"postgresql://me:hunter2@{server}/postgres").refused()
    assert "correct PAYLINKS_POSTGRES_DSN" in said
    assert "authentication failed" in said
    assert "hunter2" not in said
