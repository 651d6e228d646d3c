"""`paylinks dead` and `paylinks outbox` against a running service."""

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import asyncpg
import msgspec
import nats
import pytest

from shared.contracts import envelope
from shared.kernel.ids import new_id
from tests.conftest import Database
from tests.support.bus import until
from tests.support.cli import ended
from tests.support.mails import mail_server, paid, publish, tell
from tests.support.notify import notify_service

READERS = {"receipts", "webhooks-checkout"}
"""Who in notify takes in a charge that succeeded: each has a dead letter of its own."""


@dataclass
class Running:
    nats_url: str
    dsn: str

    async def rows(self, statement: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.dsn)
        try:
            return await connection.fetch(statement)
        finally:
            await connection.close(timeout=5)

    async def poison(self, fact_id: str) -> None:
        """A message in the place of a fact that no decoder can read."""
        client = await nats.connect(self.nats_url)
        headers = {envelope.ID: fact_id, envelope.TYPE: "checkout.charge.succeeded"}
        subject = f"checkout.evt.v1.{new_id()}.charge.succeeded"
        await publish(client, subject, b'{"not": "a charge"}', headers=headers)
        await client.close()

        async def buried() -> bool:
            return len(await self.rows("SELECT FROM dead_letter")) == len(READERS)

        await until(buried, seconds=10, what="the poison is a dead letter")


@pytest.fixture
async def notify(database: Database, nats_url: str, tmp_path: Path) -> AsyncGenerator[Running, None]:
    dsn = await database("notify")
    async with mail_server(tmp_path / "maildir") as server:
        service = notify_service(dsn=dsn, nats_url=nats_url, smtp_url=server.url, folder=tmp_path)
        await service.start()
        yield Running(nats_url, dsn)
        await service.stop()


async def test_a_dead_letter_is_listed_shown_and_replayed(notify: Running) -> None:
    fact_id = str(uuid4())
    await notify.poison(fact_id)
    code, listed, errors = await ended("dead", "list", "--nats", notify.nats_url)
    assert code == 0
    assert errors == "No answer from links and checkout.\n"
    letters = [msgspec.json.decode(line) for line in listed.splitlines()]
    mine = [letter for letter in letters if letter["kind"] == "letter"]
    assert {(one["event_id"], one["service"]) for one in mine} == {(fact_id, "notify")}
    assert {one["consumer"] for one in mine} == READERS
    advisories = [letter for letter in letters if letter["kind"] == "advisory"]
    assert {one["stream"] for one in advisories} == {"CHECKOUT"}
    assert {one["consumer"] for one in advisories} == {f"notify--{name}" for name in READERS}

    code, shown, _ = await ended("dead", "show", fact_id, "--nats", notify.nats_url)
    assert code == 0
    bodies = [msgspec.json.decode(one)["body"] for one in re.split(r"(?<=^})\n(?={)", shown, flags=re.MULTILINE)]
    assert bodies == ['{"not": "a charge"}'] * len(READERS)

    code, replayed, _ = await ended("dead", "replay", fact_id, "--nats", notify.nats_url)
    assert code == 1
    said = replayed.splitlines()
    assert all(any(line.startswith(f"notify--{name}: Undecodable") for line in said) for name in READERS)


async def test_a_mended_dead_letter_has_its_effect_once(notify: Running) -> None:
    fact_id = str(uuid4())
    await notify.poison(fact_id)
    body = msgspec.json.encode(paid())
    headers = {envelope.TIME: "2027-03-05T11:05:00Z", envelope.ID: fact_id, envelope.TYPE: "checkout.charge.succeeded"}
    connection = await asyncpg.connect(notify.dsn)
    await connection.execute(
        "UPDATE dead_letter SET body = $1, headers = $2::jsonb", body, msgspec.json.encode(headers).decode()
    )
    await connection.close(timeout=5)
    for _ in range(2):
        code, replayed, _ = await ended("dead", "replay", fact_id, "--nats", notify.nats_url)
        assert (code, set(replayed.splitlines())) == (0, {f"notify--{name}: done" for name in READERS})
    assert len(await notify.rows("SELECT FROM mail")) == 1
    code, listed, _ = await ended("dead", "list", "--nats", notify.nats_url)
    assert '"kind":"letter"' not in listed
    code, listed, _ = await ended("dead", "list", "--replayed", "--nats", notify.nats_url)
    assert '"kind":"letter"' in listed


async def test_a_dead_letter_that_is_not_there_is_one_sentence(notify: Running) -> None:
    fact_id = str(uuid4())
    for verb in ("show", "replay"):
        code, output, errors = await ended("dead", verb, fact_id, "--nats", notify.nats_url)
        assert (code, output) == (1, "")
        assert errors.splitlines()[-1] == f"There is no dead letter {fact_id}."


async def test_without_any_service_dead_says_so(nats_url: str) -> None:
    assert await ended("dead", "list", "--nats", nats_url) == (1, "", "No service answers on this NATS server.\n")
    for limit in ("0", "-5", "501"):
        code, output, errors = await ended("dead", "list", "--limit", limit, "--nats", nats_url)
        assert (code, output) == (2, "")
        assert "Invalid value" in errors


async def test_the_outbox_publishes_again_what_a_lost_stream_had(notify: Running) -> None:
    await tell(notify.nats_url, *(paid() for _ in range(3)))

    async def sent() -> bool:
        return len(await notify.rows("SELECT FROM outbox WHERE sent_at IS NOT NULL")) == 3

    await until(sent, seconds=10, what="three facts of notify are published")
    client = await nats.connect(notify.nats_url)
    await client.jetstream().purge_stream("NOTIFY")
    await notify.rows("UPDATE outbox SET id = gen_random_uuid()")  # past the stream's memory of ids
    common = ("--service", "notify", "--postgres", notify.dsn)
    code, output, errors = await ended("outbox", "replay", "--since", "1h", "--type", "notify.mail.failed", *common)
    assert (code, output, errors) == (0, "notify: 0 facts will be published again.\n", "")
    nobodys = ("--until", "30m"), ("--org", str(uuid4()))
    for chosen in nobodys:
        code, output, errors = await ended("outbox", "replay", "--since", "1h", *chosen, *common)
        assert (code, output, errors) == (0, "notify: 0 facts will be published again.\n", "")
    code, output, errors = await ended("outbox", "replay", "--since", "1h", *common)
    assert (code, output, errors) == (0, "notify: 3 facts will be published again.\n", "")

    async def there_again() -> bool:
        return (await client.jetstream().stream_info("NOTIFY")).state.messages == 3

    await until(there_again, seconds=10, what="the stream has them again")
    await client.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--since", "1h", "--type", "x"], "There is no type 'x'."),
        (["--since", "soon", "--service", "notify", "--postgres", "postgresql://x"], "'soon' is not a time"),
        (["--since", "1h", "--postgres", "postgresql://x"], "--postgres names one database"),
        (["--since", "1h", "--until", "2h"], "--until is not later than --since."),
        (
            ["--since", "1h", "--service", "links", "--postgres", "postgresql://127.0.0.1:1/x"],
            "The database of links does not answer.",
        ),
    ],
)
async def test_what_the_outbox_cannot_do_is_one_sentence(arguments: list[str], message: str) -> None:
    code, output, errors = await ended("outbox", "replay", *arguments)
    assert (code, output) == (1, "")
    assert errors.startswith(message)
    assert errors.count("\n") == 1
