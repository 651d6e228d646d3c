"""The `paylinks` command, as a person or a script starts it."""

import asyncio
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from unittest.mock import patch

from deploy.cli.main import app


async def paylinks(
    *arguments: str, stdout: int = asyncio.subprocess.PIPE, **environment: str
) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from deploy.cli.main import main; main()",
        *arguments,
        env={**os.environ, **environment},
        stdout=stdout,
        stderr=asyncio.subprocess.PIPE,
    )


async def ended(*arguments: str, **environment: str) -> tuple[int | None, str, str]:
    process = await paylinks(*arguments, **environment)
    output, errors = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode, output.decode(), errors.decode()


async def called(*arguments: str, **environment: str) -> tuple[int | None, str, str]:
    """The same without a process of its own, for commands that neither listen for signals nor read standard input."""
    output, errors = StringIO(), StringIO()

    def call() -> int | None:
        try:
            app(list(arguments))
        except SystemExit as end:
            if isinstance(end.code, str):
                print(end.code, file=sys.stderr)
                return 1
            return end.code
        return 0

    with patch.dict(os.environ, environment), redirect_stdout(output), redirect_stderr(errors):
        code = await asyncio.to_thread(call)
    return code or 0, output.getvalue(), errors.getvalue()
