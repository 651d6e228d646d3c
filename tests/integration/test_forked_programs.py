"""Programs that tests fork are processes like those that they spawn."""

import asyncio
import signal
import sys
from pathlib import Path

import psutil

from deploy.local.program import Program
from tests.support.checkout import sandbox_server
from tests.support.forking import Forked, fork
from tests.support.processes import Server


async def at_once() -> bool:
    return True


def program(*command: str) -> Program:
    return Program(name="one", command=command, is_ready=at_once)


async def test_two_are_children_of_the_run_with_settings_and_logs_of_their_own(tmp_path: Path) -> None:
    one, other = sandbox_server(tmp_path / "one"), sandbox_server(tmp_path / "other")
    for server in (one, other):
        server.log.parent.mkdir()
    await asyncio.gather(one.start(), other.start())
    assert isinstance(one.process, Forked)
    for server in (one, other):
        process = psutil.Process(server.pid)
        assert process.ppid() == psutil.Process().pid
        assert [socket.laddr.port for socket in process.net_connections() if socket.status == "LISTEN"] == [
            int(server.url.rpartition(":")[2])
        ]
        assert f"listening on {server.url.removeprefix('http://')}" in server.log.read_text()
    await one.kill()
    assert await one.exited() == -signal.SIGKILL
    await other.stop()
    assert await other.exited() == 0


async def test_a_program_that_cannot_start_says_why_and_ends_with_its_code(tmp_path: Path) -> None:
    server = Server(program(sys.executable, "-m", "services.links"), url="", log=tmp_path / "log")
    await server.spawn()
    assert isinstance(server.process, Forked)
    assert await server.exited() == 1
    assert "PAYLINKS_" in server.log.read_text()


async def test_what_is_not_ours_is_not_forked() -> None:
    assert await fork(program(sys.executable, "-m", "localstripe"), log=1) is None
    assert await fork(program("nats-server"), log=1) is None
