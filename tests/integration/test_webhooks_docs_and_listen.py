"""What docs/webhooks.md shows works as it stands, and `paylinks listen` brings webhooks to a local URL."""

import asyncio
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from deploy.local.program import PROJECT
from services.notify.domain.webhook_attempt import RETRY_SECONDS
from services.notify.webhooks.guard import Guard
from services.notify.webhooks.sender import Sender
from services.notify.webhooks.signing import new_secret, signed_headers
from shared.kernel.ids import new_id
from shared.kernel.moment import utc_now
from tests.integration.test_cli_watch import make_streams
from tests.support.cli import ended, paylinks
from tests.support.mails import paid, tell
from tests.support.processes import free_port
from tests.support.webhooks import answering, eventually, receiver

PAGE = (PROJECT / "docs" / "webhooks.md").read_text()


@asynccontextmanager
async def documented_receiver(
    folder: Path, secret: str
) -> AsyncGenerator[tuple[str, asyncio.subprocess.Process], None]:
    """The page's Python, as a process of its own."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    script = folder / "receiver.py"
    script.write_text(code)
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(script),
        env={"WEBHOOK_SECRET": secret, "PORT": str(port)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        for _ in range(200):
            with suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.05)
        yield f"http://127.0.0.1:{port}/hook", process
    finally:
        process.kill()
        await process.communicate()


async def test_the_receiver_of_the_page_takes_ours_once_and_nothing_else(tmp_path: Path) -> None:
    secret, sender = new_secret(), Sender(Guard("loopback"))
    body = b'{"type":"charge.succeeded","timestamp":"2027-03-05T11:05:00.000Z","data":{"late":false}}'
    async with documented_receiver(tmp_path, secret) as (url, process):
        at = utc_now()
        signed = signed_headers([new_secret(), secret], "msg_1", body, at=at)
        first = await sender.post(url, body, signed, at=at)
        again = await sender.post(url, body, signed, at=at)
        forged = await sender.post(url, body, signed_headers([new_secret()], "msg_2", body, at=at), at=at)
        tampered = await sender.post(url, body.replace(b"false", b"true"), signed, at=at)
        await sender.close()
        assert [one.status for one in (first, again, forged, tampered)] == [204, 204, 401, 401]
        assert process.stdout is not None
        assert await process.stdout.readline() == b"charge.succeeded {'late': False}\n"
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(process.stdout.readline(), 0.3)


def test_the_page_tells_the_retries_as_they_are() -> None:
    rows = re.findall(r"^\| (?:\d+|11 to 15) \| (.*?) \|", PAGE, re.MULTILINE)
    units = {"s": 1, "min": 60, "h": 3600}
    told = []
    for row in rows[1:]:
        number, unit = row.removesuffix(" each").split()
        told += [int(number) * units[unit]] * (5 if row.endswith("each") else 1)
    assert tuple(told) == RETRY_SECONDS


async def test_listen_relays_what_happens_signed_and_says_what_was_answered(nats_url: str) -> None:
    await make_streams(nats_url)
    charge = paid()
    async with receiver(answering(202)) as shop:
        process = await paylinks("listen", "--forward-to", shop.url, "--events", "charge.*", "--nats", nats_url)
        assert process.stdout is not None
        try:
            first = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
            assert first.startswith("Signing secret: whsec_")
            secret = first.split()[-1]
            await process.stdout.readline()
            for _ in range(50):  # it reads what comes after its consumers are there
                await tell(nats_url, charge)
                with suppress(TimeoutError):
                    await eventually(lambda: bool(shop.arrived), seconds=0.3)
                    break
            line = (await asyncio.wait_for(process.stdout.readline(), 10)).decode()
        finally:
            process.terminate()
            await process.communicate()
        shop.verify(secret)
        assert shop.arrived[0].payload["data"]["charge_id"] == str(charge.charge_id)
        assert re.match(rf"\d\d:\d\d:\d\d  charge\.succeeded +{shop.ids[0]}  -> 202 \(\d+ ms\)\n", line)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--forward-to", "localhost:3000"), "--forward-to must be an absolute"),
        (("--forward-to", "http://localhost:1", "--events", "nope"), "--events must be names"),
        (("--forward-to", "http://localhost:1", "--secret", "mine"), "--secret must be whsec_"),
        (("--forward-to", "http://localhost:1", "--nats", "nats://127.0.0.1:1"), "NATS does not answer"),
    ],
)
async def test_listen_says_in_a_sentence_what_it_cannot_do(arguments: tuple[str, ...], said: str) -> None:
    code, output, errors = await ended("listen", *arguments, "--org", str(new_id()))
    assert (code, output) == (1, "")
    assert said in errors
    assert "Traceback" not in errors
