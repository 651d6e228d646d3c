"""The `paylinks` command, as a person or a script starts it."""

import asyncio
import os
import sys


async def paylinks(*arguments: str, **environment: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        "from deploy.cli.main import main; main()",
        *arguments,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def ended(*arguments: str, **environment: str) -> tuple[int | None, str, str]:
    process = await paylinks(*arguments, **environment)
    output, errors = await asyncio.wait_for(process.communicate(), 20)
    return process.returncode, output.decode(), errors.decode()
