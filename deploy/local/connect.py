"""`python -m deploy.local.connect`: connect the demo accounts that standard input names, and print them as JSON.

A process of its own, so that the supervisor stays small and has no threads.
"""

import sys
from typing import Any

import httpx
import msgspec

from deploy.local.connecting import Connect, Wanted
from deploy.local.simulators import SIMULATORS, Simulator

SECONDS_MAX = 20


def connected(asked: Connect) -> list[dict[str, Any]]:
    """Each as the API shows it; those of an earlier start are found again."""
    by_name = {one.name: one for one in SIMULATORS}
    with httpx.Client(base_url=asked.gateway, headers=asked.headers, timeout=SECONDS_MAX) as api:
        return [_connected(api, one, by_name[one.provider]) for one in asked.accounts]


def _connected(api: httpx.Client, wanted: Wanted, simulator: Simulator) -> dict[str, Any]:
    account = _existing(api, wanted)
    if account is None:
        made = api.post("/v1/provider-accounts", json=wanted.body)
        made.raise_for_status()
        account = made.json()
    if simulator.account is not None:
        given = wanted.body["credentials"]
        told = simulator.account(lambda name: given[name], account["callback_url"])
        headers = {"Authorization": f"Bearer {wanted.control_key}"}
        httpx.put(
            f"{wanted.simulator}/control/accounts", json=dict(told), headers=headers, timeout=SECONDS_MAX
        ).raise_for_status()
    return account


def _existing(api: httpx.Client, wanted: Wanted) -> dict[str, Any] | None:
    """The one of an earlier start."""
    listed = api.get("/v1/provider-accounts", params={"provider": wanted.provider})
    listed.raise_for_status()
    return next((one for one in listed.json()["data"] if one["label"] == wanted.body["label"]), None)


if __name__ == "__main__":
    raw = sys.stdin.buffer.read()
    sys.stdout.buffer.write(msgspec.json.encode(connected(msgspec.json.decode(raw, type=Connect))))
