"""`paylinks watch` as a person and a script run it, on a real NATS server."""

import asyncio
import os
import pty
import re
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import nats
import pytest
from nats.js.api import StreamConfig

from deploy.cli.bus.connect import CliError
from deploy.cli.bus.moments import moment
from deploy.cli.bus.patterns import Source, sources
from shared.contracts.checkout import ChargeFailed, SessionOpened
from shared.contracts.envelope import Event
from shared.contracts.notify import MailSent
from shared.contracts.subjects import STREAMS
from shared.kernel.ids import new_id
from shared.kernel.money import Money
from tests.support.cli import ended, paylinks
from tests.support.mails import paid, tell

NOW = datetime(2027, 3, 5, 11, 5, tzinfo=UTC)
FIRST_FACT_SECONDS_MAX = 15


async def make_streams(url: str) -> None:
    client = await nats.connect(url)
    for name, subjects in STREAMS.items():
        await client.jetstream().add_stream(StreamConfig(name=name, subjects=list(subjects)))
    await client.close()


async def facts(url: str, *arguments: str) -> list[dict[str, Any]]:
    code, output, errors = await ended("watch", "--nats", url, "--no-follow", *arguments)
    assert (code, errors) == (0, "")
    return [msgspec.json.decode(line) for line in output.splitlines()]


def failed(**over: Any) -> Event:
    charge = paid()
    names = ("org_id", "link_id", "charge_id", "session_id", "version", "total", "method", "provider", "livemode", "at")
    same = {name: getattr(charge, name) for name in names}
    return ChargeFailed(**{**same, "reason": "insufficient_funds", **over})


async def test_a_script_gets_json_lines_of_all_streams_in_the_order_of_time(nats_url: str) -> None:
    await make_streams(nats_url)
    charge = paid()
    sent = MailSent(org_id=charge.org_id, link_id=charge.link_id, mail_id=new_id(), kind="receipt", message_id="<1@x>")
    for event in (charge, sent, failed()):
        await tell(nats_url, event)
        await asyncio.sleep(0.005)
    seen = await facts(nats_url)
    assert [one["type"] for one in seen] == [
        "checkout.charge.succeeded",
        "notify.mail.sent",
        "checkout.charge.failed",
    ]
    assert [one["time"] for one in seen] == sorted(one["time"] for one in seen)
    assert seen[0]["org_id"] == str(charge.org_id)
    assert seen[0]["link_id"] == str(charge.link_id)
    assert seen[0]["sequence"] == 1
    assert seen[0]["data"]["total"] == {"amount_minor": 50_000, "currency": "UGX"}


async def test_subject_organization_and_link_narrow_it_down(nats_url: str) -> None:
    await make_streams(nats_url)
    one, other = paid(), paid()
    opened = SessionOpened(
        org_id=one.org_id, link_id=one.link_id, session_id=new_id(), total=Money(1, "UGX"), expires_at=NOW
    )
    await tell(nats_url, one, other, opened)
    assert len(await facts(nats_url)) == 3
    assert len(await facts(nats_url, "--subject", "charge.*")) == 2
    assert len(await facts(nats_url, "charge.*")) == 2
    assert len(await facts(nats_url, "session.opened", "--org", str(one.org_id))) == 1
    assert len(await facts(nats_url, "--subject", "checkout.session.opened")) == 1
    assert len(await facts(nats_url, "--org", str(one.org_id))) == 2
    assert len(await facts(nats_url, "--org", str(other.org_id)[-8:])) == 1
    assert len(await facts(nats_url, "--link", str(one.link_id)[-8:], "-s", "charge")) == 1
    assert await facts(nats_url, "--since", "2099-01-01T00:00:00Z") == []


async def test_thousands_of_old_facts_come_whole_and_quickly(nats_url: str) -> None:
    await make_streams(nats_url)
    client = await nats.connect(nats_url)
    acks = [await client.jetstream().publish_async(f"links.evt.v1.{new_id()}.use.settled", b"{}") for _ in range(3000)]
    await asyncio.wait(acks)
    await client.close()
    began = asyncio.get_running_loop().time()
    seen = await facts(nats_url, "--since", "1h")
    assert [one["position"] for one in seen] == list(range(1, 3001))
    assert asyncio.get_running_loop().time() - began < 10
    assert await facts(nats_url, "--since", "9999-12-31T23:59:59Z") == []
    assert await first_line(nats_url, "--no-follow") == await first_line(nats_url, "--since", "1h")


async def first_line(url: str, *arguments: str) -> bytes:
    """As `| head -1` takes it, and then nobody reads any more."""
    read, write = os.pipe()
    process = await paylinks("watch", "--nats", url, *arguments, stdout=write)
    os.close(write)
    with os.fdopen(read, "rb") as output:
        line = await asyncio.to_thread(output.readline)
    assert await asyncio.wait_for(process.wait(), 10) == 0
    return line


async def test_it_follows_what_happens_and_ends_quietly_when_nobody_reads(nats_url: str) -> None:
    await make_streams(nats_url)
    process = await paylinks("watch", "--nats", nats_url, "--since", "1m")
    assert process.stdout
    await tell(nats_url, paid())
    first = await asyncio.wait_for(process.stdout.readline(), FIRST_FACT_SECONDS_MAX)
    await tell(nats_url, failed())
    began = asyncio.get_running_loop().time()
    second = await asyncio.wait_for(process.stdout.readline(), 5)
    assert asyncio.get_running_loop().time() - began < 1
    assert b"charge.succeeded" in first
    assert b"charge.failed" in second
    process.send_signal(2)
    assert await asyncio.wait_for(process.wait(), 5) == 130
    assert process.stderr
    assert await process.stderr.read() == b""


async def test_a_person_sees_aligned_lines_with_the_amount_and_no_escape_of_a_stranger(nats_url: str) -> None:
    await make_streams(nats_url)
    charge = paid(receipt_number="R-1\x1b[31m")
    await tell(nats_url, charge, failed())
    output = await on_a_terminal("watch", "--nats", nats_url, "--no-follow")
    assert "R-1 [31m" in output
    lines = re.sub(r"\x1b\[\d+m", "", output).splitlines()
    assert re.fullmatch(r"\w+day \d\d \w+ \d{4}", lines[0])
    assert re.match(r"\d\d:\d\d:\d\d\.\d{3}  org \w{8}  link \w{8}  checkout\.charge\.succeeded", lines[1])
    assert "UGX 50,000  mobile_money" in lines[1]
    assert "insufficient_funds" in lines[2]
    assert lines[1].index("UGX") == lines[2].index("UGX")
    assert str(charge.org_id)[-8:] in lines[1]


async def on_a_terminal(*arguments: str) -> str:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from deploy.cli.main import main; main()", *arguments, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    await asyncio.wait_for(process.wait(), 20)
    output = b""
    with suppress(OSError):  # Linux says EIO at the end
        while chunk := os.read(ours, 65536):
            output += chunk
    os.close(ours)
    return output.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--subject", "chrage.*"], "No fact matches 'chrage.*'. There are: links.organization.created"),
        (["chrage.*"], "No fact matches 'chrage.*'."),
        (["--subject", "charge..x"], "'charge..x' is not a subject"),
        (["--since", "yesterday"], "'yesterday' is not a time: write a duration such as 10m"),
        (["--org", "zz"], "--org zz is not an id"),
        (["--nats", "nats://me:secret@127.0.0.1:1"], "NATS does not answer at nats://127.0.0.1:1."),
    ],
)
async def test_what_cannot_be_is_refused_in_one_sentence(arguments: list[str], message: str, tmp_path: Path) -> None:
    code, output, errors = await ended("watch", *arguments, PAYLINKS_HOME=str(tmp_path), PAYLINKS_NATS_URL="")
    assert (code, output) == (1, "")
    assert errors.startswith(message)
    assert errors.count("\n") == 1
    assert "secret" not in errors


async def test_without_a_running_stack_it_says_so(tmp_path: Path) -> None:
    code, _, errors = await ended("watch", PAYLINKS_HOME=str(tmp_path), PAYLINKS_NATS_URL="")
    assert code == 1
    assert errors.startswith("No stack is running here")


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("charge.*", [Source("CHECKOUT", "checkout.evt.v1.*.charge.*")]),
        ("charge", [Source("CHECKOUT", "checkout.evt.v1.*.charge.*")]),
        ("checkout.charge.succeeded", [Source("CHECKOUT", "checkout.evt.v1.*.charge.succeeded")]),
        ("links.>", [Source("LINKS", "links.evt.v1.*.*.*")]),
        ("*.failed", [Source("CHECKOUT", "checkout.evt.v1.*.*.failed"), Source("NOTIFY", "notify.evt.v1.*.*.failed")]),
        ("notify.evt.v1.*.mail.>", [Source("NOTIFY", "notify.evt.v1.*.mail.*")]),
        ("*.evt.>", [Source(name, f"{name.lower()}.evt.v1.*.*.*") for name in ("LINKS", "CHECKOUT", "NOTIFY")]),
    ],
)
def test_short_and_long_subjects_mean_the_same(pattern: str, expected: list[Source]) -> None:
    assert sources(pattern, None) == expected


def test_times_are_durations_or_moments() -> None:
    assert moment("10m", now=NOW) == NOW - timedelta(minutes=10)
    assert moment("1h30m", now=NOW) == NOW - timedelta(minutes=90)
    assert moment("2027-03-05T12:05:00+01:00", now=NOW) == NOW
    for wrong in ("", "10", "m", "-5m", "10 m", "tomorrow"):
        with pytest.raises(CliError):
            moment(wrong, now=NOW)
