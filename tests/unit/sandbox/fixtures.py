"""One sandbox for a module; a receiver and a merchant of its own for each test."""

from collections.abc import AsyncGenerator

import pytest

from tests.unit.sandbox.rig import Merchant, Receiver, SandboxProcess


@pytest.fixture(scope="module")
async def sandbox(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[SandboxProcess, None]:
    process = SandboxProcess(tmp_path_factory.mktemp("sandbox"))
    await process.start()
    yield process
    assert await process.stop() < 2.5
    await process.http.aclose()
    log = process.log.read_text()
    assert "unexpected" not in log
    assert "4242424242424242" not in log


@pytest.fixture
async def receiver() -> AsyncGenerator[Receiver, None]:
    listening = Receiver()
    await listening.start()
    yield listening
    await listening.stop()


@pytest.fixture
async def merchant(sandbox: SandboxProcess, receiver: Receiver) -> Merchant:
    await sandbox.control("PUT", "/faults", {})
    return Merchant(sandbox, receiver, await sandbox.open_account())
