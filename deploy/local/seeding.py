import sys

import msgspec

from deploy.local.addresses import Addresses
from deploy.local.credentials import LocalSecrets
from deploy.local.faults import CannotStartError
from deploy.local.local_file import Demo
from deploy.local.program import run_tool
from deploy.local.services import service_environment


async def seeded_demo(addresses: Addresses, *, secrets: LocalSecrets) -> Demo:
    """The demo organization, made on the first start and found again on every later one, with fresh credentials.

    Raises:
        CannotStartError: it could not be made.
    """
    done = await run_tool(
        [sys.executable, "-m", "deploy.local.seed"], environment=service_environment("links", addresses, secrets)
    )
    if done.code:
        raise CannotStartError(f"The demo organization could not be made:\n{done.errors}")
    return msgspec.json.decode(done.output, type=Demo)
