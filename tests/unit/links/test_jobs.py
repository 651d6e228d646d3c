"""What links does by itself goes on, whatever happens once."""

import asyncio
from typing import Any

import pytest

from services.links import jobs
from shared.kernel.faults import Unavailable


@pytest.mark.parametrize("error", [Unavailable("postgres"), RuntimeError("a mistake of ours")], ids=["outage", "bug"])
async def test_a_job_that_fails_once_runs_again(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    monkeypatch.setattr(jobs, "MARK_USED_SECONDS", 0.001)
    again = asyncio.Event()
    failures = [error]

    class Failing:
        async def mark_used(self) -> None:
            if failures:
                raise failures.pop()
            again.set()

    nothing: Any = None
    authenticator: Any = Failing()
    task = asyncio.create_task(jobs.tickers(nothing, authenticator, authenticator)[1]())
    try:
        await asyncio.wait_for(again.wait(), 5)
    finally:
        task.cancel()
