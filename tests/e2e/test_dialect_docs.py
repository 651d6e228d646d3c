"""The pages of the dialects and their migration scripts do what they say, as written, against a running stack."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from tests.support.stack import Stack

pytestmark = pytest.mark.stack
ROOT = Path(__file__).parents[2]
PAGES = sorted(page for page in (ROOT / "docs" / "dialects").glob("*.md") if page.name != "README.md")
SCRIPTS = sorted((ROOT / "examples").glob("move_from_*.py"))
SECONDS_MAX = 90
PAGE_TELLS = {
    "catalog": "paid: 1\n44.82\ninactive\n410\n204\n",
    "collections": "exhausted\n… 'total_collected': 50000, …\n50000.00\n20000\n…archived\narchived\namount\n",
    "core": "200\n10000.0\n… 'api'}\ntitle\n…\n4500\nCoffee every month\n204\n204\nThere is no such payment link.\n",
    "digital": "200\n40000\nAdvanced …'paid_orders': 1, …\nFalse\nother_site\nnot_json\nunauthorized\nTrue\n",
    "gated": "***@example.com…TX-2041…True\n…2027-06-08T09:00:00Z\n…\n2\n",
}
SCRIPT_TELLS = {
    "catalog": "made …native …changed …started …paid …own items",
    "collections": "made …50000 RWF\nnative …50000 …changed …paid …45000 RWF, now exhausted",
    "core": "made …5000 XOF\nnative …5000 …changed …paid …5000 XOF…plan …10000 XOF",
    "digital": "signed in …product …made …native …changed …40000 …paid …40000 UGX, active: False",
    "gated": "gate otp, reference TX-2041…a***@example.com…for 24 hours…paid…'revoked': 1…valid: False",
}
"""What is printed, with … for what may be anything: ids, times, and what is still on its way."""


def blocks_of(page: Path) -> str:
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL))


async def said(stack: Stack, *command: str, text: str = "") -> str:
    """What the command prints, when it ends well and complains of nothing."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env={**os.environ, "PAYLINKS_HOME": str(stack.home), "PATH": f"{ROOT}/.venv/bin:{os.environ['PATH']}"},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    told, wrong = await asyncio.wait_for(process.communicate(text.encode()), SECONDS_MAX)
    assert (process.returncode, wrong.decode()) == (0, ""), told.decode() + wrong.decode()
    return told.decode()


def tells(told: str, wanted: str) -> bool:
    return re.search(".*".join(map(re.escape, wanted.split("…"))), told, re.DOTALL) is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
async def test_the_curl_lines_do_what_the_page_says(stack: Stack, page: Path) -> None:
    told = await said(stack, "bash", "-e", "-o", "pipefail", text=blocks_of(page))
    assert tells(told, PAGE_TELLS[page.stem]), told


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
async def test_the_migration_plays_through(stack: Stack, script: Path) -> None:
    told = await said(stack, sys.executable, str(script), str(stack.home / "local.json"))
    assert tells(told, SCRIPT_TELLS[script.stem.removeprefix("move_from_")]), told


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    missing = [
        path for path in re.findall(r"\]\(([^)#:]+)\)", page.read_text()) if not (page.parent / path).resolve().exists()
    ]
    assert missing == []


def test_every_page_has_a_script_that_moves_over() -> None:
    assert {page.stem for page in PAGES} == {script.stem.removeprefix("move_from_") for script in SCRIPTS}
