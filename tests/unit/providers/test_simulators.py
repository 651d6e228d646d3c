"""What the simulators have in common: they forget nothing, and their control API is for who has the key."""

import asyncio
import os
import sys
from pathlib import Path

import httpx

from services.checkout.providers.flutterwave.adapter import Flutterwave
from tests.support.provider_desk import Desk, account
from tests.support.simulators import Receiver, Simulator

KEY, HASH = "FLWSECK_TEST-0123456789abcdef-X", "secret-hash-of-the-tests"


async def test_a_kill_loses_no_payment_and_no_callback(tmp_path: Path) -> None:
    receiver = Receiver()
    await receiver.start()
    process = Simulator(
        "flutterwave", tmp_path, secret_key=KEY, secret_hash=HASH, webhook_url=receiver.url, approve_after_ms="400"
    )
    await process.start()
    provider = Flutterwave(process.url, timeout_seconds=5)
    credentials = {"secret_key": KEY, "secret_hash": HASH, "email": "shop@merchant.example"}
    desk = Desk(provider, account("flutterwave", "acct_1", **credentials), process, receiver)
    order = desk.order("mobile_money", 5_000, "XOF", phone="+221771234567")
    receiver.failing.add(order.reference)
    await desk.accepted(order)
    await process.server.kill()
    await process.server.start()
    await receiver.of(order.reference)
    await process.server.kill()
    await process.server.start()
    await receiver.of(order.reference, 2)
    assert (await desk.until(order, "succeeded")).total == order.total
    assert (await process.payment(order.reference))["captured"] == 1
    await provider.close()
    await process.stop()
    await receiver.stop()


async def test_the_control_api_is_for_who_has_the_key_and_strict(tmp_path: Path) -> None:
    process = Simulator("flutterwave", tmp_path, secret_key=KEY, secret_hash=HASH)
    await process.start()
    right, wrong = {"authorization": f"Bearer {'control-key-of-the-tests'}"}, {"authorization": "Bearer nobody"}

    async def status(method: str, path: str, headers: dict[str, str], body: object = None) -> int:
        answer: httpx.Response = await process.http.request(method, f"/control{path}", headers=headers, json=body)
        return answer.status_code

    for method, path in (("GET", "/payments"), ("GET", "/callbacks"), ("PUT", "/faults"), ("PUT", "/accounts")):
        assert await status(method, path, wrong, {}) == 401
    assert await status("PUT", "/faults", right, {"surprise": 1}) == 400
    assert await status("PUT", "/faults", right, {"fail_creates": -1}) == 400
    assert await status("PUT", "/accounts", right, {"secret_key": "sk_of_somebody_else", "secret_hash": HASH}) == 400
    assert await status("POST", "/payments/nobody/succeed", right) == 404
    assert await status("POST", "/refunds/1/succeed", right) == 404
    for page in ("/pay/nobody.1", "/confirm/x.99999999999999999999", "/phone/123456", "/bank/1234567890"):
        assert (await process.http.get(page)).status_code == 404
    await process.stop()


async def test_a_simulator_that_is_not_told_enough_says_what_is_missing() -> None:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PAYLINKS_")}
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "deploy.simulators.mtn", env=environ, stderr=asyncio.subprocess.PIPE
    )
    _, said = await started.communicate()
    assert started.returncode == 1
    assert said.endswith(b"mtn PAYLINKS_MTN_SIM_PORT is not set.\n")
