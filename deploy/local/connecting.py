import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from deploy.local.addresses import Addresses
from deploy.local.credentials import LocalSecrets
from deploy.local.faults import CannotStartError
from deploy.local.local_file import Demo
from deploy.local.program import run_tool
from deploy.local.simulators import SIMULATORS, Simulator

FLAG = "PAYLINKS_DEMO_ACCOUNTS"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """One demo account: what checkout is connected with, and where the simulator is told of it."""

    provider: str
    body: dict[str, Any]
    simulator: str
    control_key: str


class Connect(msgspec.Struct, frozen=True, kw_only=True):
    """What `deploy.local.connect` reads from its standard input."""

    gateway: str
    headers: dict[str, str]
    accounts: list[Wanted]


async def connected_accounts(
    addresses: Addresses, demo: Demo, *, secrets: LocalSecrets, environment: Mapping[str, str] = os.environ
) -> Sequence[Mapping[str, Any]]:
    """Test accounts of the demo organization with each simulator, connected by the API; none unless asked for.

    With them, what they take is not paid through the sandbox any more.

    Raises:
        CannotStartError: one could not be connected.
    """
    if environment.get(FLAG) != "1" or not SIMULATORS:
        return []
    wanted = [_wanted(one, addresses, secrets) for one in SIMULATORS]
    asked = Connect(gateway=addresses.gateway, headers=demo.credentials["native"], accounts=wanted)
    done = await run_tool([sys.executable, "-m", "deploy.local.connect"], standard_input=msgspec.json.encode(asked))
    if done.code:
        raise CannotStartError(f"The demo accounts could not be connected:\n{done.errors}")
    return msgspec.json.decode(done.output, type=list[dict[str, Any]])


def _wanted(simulator: Simulator, addresses: Addresses, secrets: LocalSecrets) -> Wanted:
    secret = simulator.secrets_of(secrets.secret_key)
    body: dict[str, Any] = {
        "provider": simulator.name,
        "label": "Demo",
        "credentials": dict(simulator.credentials(secret)),
    }
    if simulator.currencies:
        body["currencies"] = list(simulator.currencies)
    return Wanted(
        provider=simulator.name,
        body=body,
        simulator=addresses.simulators[simulator.name],
        control_key=secret("control"),
    )
