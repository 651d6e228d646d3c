"""What docs/dialects/catalog.md and its example say runs as it is written there, against a running stack."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.stack
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "dialects" / "catalog.md"
SECONDS_MAX = 90


async def said(stack: Stack, *command: str, text: str = "") -> str:
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env={**os.environ, "PAYLINKS_HOME": str(stack.home)},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, wrong = await asyncio.wait_for(process.communicate(text.encode()), SECONDS_MAX)
    assert (process.returncode, wrong.decode()) == (0, ""), told.decode() + wrong.decode()
    return told.decode()


async def test_the_curl_lines_do_what_the_page_says(stack: Stack) -> None:
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    lines = (await said(stack, "bash", "-e", "-o", "pipefail", text="\n".join(blocks))).splitlines()
    assert lines[-7:-2] == ["paid: 1", "44.82", "inactive", "410", "204"]
    assert (lines[-2].startswith(stack.gateway), lines[-1]) == (True, "Token")


async def test_the_migration_plays_through(stack: Stack) -> None:
    told = await said(stack, sys.executable, "examples/move_from_catalog.py", str(stack.home / "local.json"))
    assert [line.split()[0] for line in told.splitlines()] == [
        "made",
        "native",
        "changed",
        "started",
        "paid",
        "own",
    ]


def test_every_path_that_the_page_names_exists() -> None:
    missing = [
        path for path in re.findall(r"\]\(([^)#:]+)\)", PAGE.read_text()) if not (PAGE.parent / path).resolve().exists()
    ]
    assert missing == []
