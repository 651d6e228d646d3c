"""The page about `gated` and the story of moving over do what they say, against a running stack."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.stack
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "dialects" / "gated.md"
SECONDS_MAX = 60


async def run(*command: str, stack: Stack, typed: str = "") -> str:
    """What it prints; it must not fail, nor complain."""
    program = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env={**os.environ, "PAYLINKS_HOME": str(stack.home), "PATH": f"{ROOT}/.venv/bin:{os.environ['PATH']}"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, wrong = await asyncio.wait_for(program.communicate(typed.encode()), SECONDS_MAX)
    assert (program.returncode, wrong.decode()) == (0, ""), said.decode() + wrong.decode()
    return said.decode()


async def test_the_lines_of_the_page_do_what_they_say(stack: Stack) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    lines = (await run("bash", "-e", "-o", "pipefail", stack=stack, typed="\n".join(blocks))).splitlines()
    masked, whole, valid, sent, email, expires_at, due, total, revoked = lines
    assert (json.loads(masked)["email"][:4], valid) == ("b***", "True")
    assert json.loads(whole)["email"] == email
    assert json.loads(sent).keys() == {"message", "expires_at", "resend_at"}
    assert (expires_at, revoked) == ("2027-06-08T09:00:00Z", "2")
    assert (int(due), int(total)) >= (1, 2)


async def test_the_story_of_moving_over_ends_paid_and_revoked(stack: Stack) -> None:
    story = await run(sys.executable, "examples/move_from_gated.py", str(stack.home / "local.json"), stack=stack)
    for told in ("gate otp, reference TX-2041", "a***@example.com", "for 24 hours", "paid", "'revoked': 1"):
        assert told in story
    assert "50000" in story.split("Paid in test mode")[1]
    assert story.rstrip().endswith("valid: False")
