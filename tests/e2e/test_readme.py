"""The README's tour does what it promises: its blocks run in order, in one shell, against a running stack."""

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.test_main_path import STORY
from tests.support.stack import Stack

pytestmark = pytest.mark.stack
ROOT = Path(__file__).parents[2]
TOUR_SECONDS_MAX = 60


def blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)


async def tour(stack: Stack) -> str:
    """What the blocks print. Their own names for programs hold: `.venv/bin` as in the text, and on the PATH."""
    environment = {**os.environ, "PAYLINKS_HOME": str(stack.home), "PATH": f"{ROOT}/.venv/bin:{os.environ['PATH']}"}
    shell = await asyncio.create_subprocess_exec(
        *("bash", "-e", "-o", "pipefail"),
        cwd=ROOT,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, wrong = await asyncio.wait_for(shell.communicate("\n".join(blocks()).encode()), TOUR_SECONDS_MAX)
    assert (shell.returncode, wrong.decode()) == (0, ""), said.decode() + wrong.decode()
    return said.decode()


async def test_the_tour_ends_with_one_payment_its_revenue_one_receipt_and_the_events_in_order(stack: Stack) -> None:
    files_before = set(ROOT.iterdir())
    lines = (await tour(stack)).splitlines()
    answers: list[dict[str, Any]] = [json.loads(line) for line in lines if line.startswith("{")]
    (started,) = [answer for answer in answers if "next_action" in answer]
    assert (started["status"], started["next_action"]["type"]) == ("paying", "prompt")
    assert lines.count("paid") == 1
    (stats,) = [answer for answer in answers if "paid_count" in answer]
    assert stats["paid_count"] == 1
    assert stats["uses"] == {"max": 2, "used": 1, "held": 0, "remaining": 1}
    (revenue,) = stats["revenue"]
    assert (revenue["amount_minor"], revenue["currency"]) == (50_000, "UGX")
    assert [line for line in lines if "Receipt" in line and line[0] != "{"] == [
        "[Test] Receipt from Kampala Coffee: UGX 50,000"
    ]
    facts = [answer["type"] for answer in answers if "sequence" in answer]
    # Counting and mailing are two services' work: neither waits for the other.
    assert [*facts[:6], *sorted(facts[6:])] == STORY
    assert set(ROOT.iterdir()) == files_before, "the tour leaves nothing behind"


def test_every_path_that_the_readme_names_exists() -> None:
    text = (ROOT / "README.md").read_text()
    missing = [path for path in re.findall(r"\]\(([^)#:]+)\)", text) if not (ROOT / path).exists()]
    assert missing == []
