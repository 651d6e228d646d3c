"""Buyers whose network is bad: whatever fails is sent again, as the same request, as a careful client does."""

import asyncio
import time
from typing import Any
from uuid import uuid4

import httpx

from tests.e2e.api import Api, bearer

PATIENCE_SECONDS = 120
RETRY_SECONDS = 0.25


async def buy(api: Api, link: dict[str, Any], number: int) -> str:
    """The session's last status: `paid`, or `open` after a charge that failed."""
    customer = {"email": f"buyer-{number}-{link['slug']}@faults.example"}
    key = {"Idempotency-Key": f"buyer-{uuid4()}"}
    session = await _sent(api, "POST", f"/v1/checkout/{link['slug']}/sessions", {"customer": customer}, key)
    path = f"/v1/checkout/sessions/{session['id']}"
    means = {"method": "mobile_money", "phone": f"+2567721{number:05}"}
    await _sent(api, "POST", f"{path}/pay", means, bearer(session))
    ends = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < ends:
        now = await _sent(api, "GET", path, None, bearer(session))
        if now["status"] == "paid" or (now["status"] == "open" and now["charge"]):
            return now["status"]
        await asyncio.sleep(0.3)
    return f"still {now['status']}"


async def _sent(api: Api, method: str, path: str, body: object, headers: dict[str, str]) -> dict[str, Any]:
    """The answer to a request that is repeated while nobody answers it properly."""
    ends = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            answer = await api.send.request(method, path, json=body, headers=headers)
            if answer.status_code < 300:
                return answer.json()
            assert answer.status_code >= 500, f"{path}: {answer.status_code} {answer.text}"
        except httpx.TransportError as error:
            answer = error
        assert time.monotonic() < ends, f"{path}: {answer!r}"
        await asyncio.sleep(RETRY_SECONDS)
