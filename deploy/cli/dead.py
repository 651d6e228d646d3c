import asyncio
import sys
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from cyclopts import App, Parameter, validators
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import NotFoundError

from deploy.cli.bus.connect import CliError, connected, nats_url, run
from shared.contracts.subjects import OWNERS, dead_letters
from shared.runtime.dead import LIST_MAX, DeadLetter, ListDead, OneDead, Replayed

ANSWER_SECONDS_MAX = 5
ADVISORIES_MAX = 50

app = App(name="dead", help="Facts that a service could not take in: list, show, replay.")


class Advisory(msgspec.Struct, frozen=True, kw_only=True):
    """What the server itself says of a message that a consumer gave up on (stream DEAD)."""

    type: str
    timestamp: datetime
    stream: str
    consumer: str
    stream_seq: int
    deliveries: int = 0


@app.command(name="list")
def list_dead(
    *,
    replayed: bool = False,
    limit: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=LIST_MAX))] = 50,
    json: bool | None = None,
    nats: str | None = None,
) -> None:
    """List dead letters of every service, newest first, and what the server itself gave up on.

    Args:
        replayed: Also those that were replayed since.
        limit: At most so many of each service.
        json: JSON lines, or not; without it, JSON lines into a pipe.
        nats: The server; else PAYLINKS_NATS_URL, else the running stack's.
    """
    run(
        _list(
            ListDead(replayed=replayed, limit=limit),
            as_json=not sys.stdout.isatty() if json is None else json,
            url=nats,
        )
    )


@app.command
def show(event_id: UUID, *, nats: str | None = None) -> None:
    """Show one dead letter whole, as JSON: headers, body, error. A fact may be dead for several consumers."""
    run(_show(event_id, url=nats))


@app.command
def replay(event_id: UUID, *, nats: str | None = None) -> None:
    """Apply a dead letter again. Its effect happens once, however often this is done."""
    run(_replay(event_id, url=nats))


async def _list(ask: ListDead, *, as_json: bool, url: str | None) -> int:
    async with connected(nats_url(url)) as client:
        answers = await _ask_all(client, "list", ask, list[DeadLetter])
        letters = sorted(
            (one for found in answers.values() for one in found), key=lambda one: one.died_at, reverse=True
        )
        advisories = await _advisories(client)
    if as_json:
        for letter in letters:
            print(msgspec.json.encode({"kind": "letter", **msgspec.to_builtins(letter)}).decode())
        for advisory in advisories:
            print(msgspec.json.encode({"kind": "advisory", **msgspec.to_builtins(advisory)}).decode())
        return 0
    _print_letters(letters)
    _print_advisories(advisories)
    return 0


def _print_letters(letters: list[DeadLetter]) -> None:
    if not letters:
        print("No dead letters.")
        return
    reader_chars = max(len(f"{one.service}--{one.consumer}") for one in letters)
    for one in letters:
        reader = f"{one.service}--{one.consumer}".ljust(reader_chars)
        again = "  (replayed)" if one.replayed_at else ""
        fact = ".".join(one.subject.split(".")[-2:])
        print(f"{_local(one.died_at)}  {one.event_id}  {reader}  {fact}  {_one_line(one.error)}{again}")
    print("\nLook at one with 'paylinks dead show <id>', try it again with 'paylinks dead replay <id>'.")


def _print_advisories(advisories: list[Advisory]) -> None:
    if not advisories:
        return
    print("\nWhat the server itself saw given up (each dead letter above is also one of these):")
    for one in advisories:
        why = one.type.rpartition(".")[2]
        print(f"{_local(one.timestamp)}  {one.stream} {one.stream_seq}  {one.consumer}  {why} after {one.deliveries}")


async def _show(event_id: UUID, *, url: str | None) -> int:
    async with connected(nats_url(url)) as client:
        answers = await _ask_all(client, "show", OneDead(event_id), list[DeadLetter])
    letters = [letter for found in answers.values() for letter in found]
    if not letters:
        raise CliError(f"There is no dead letter {event_id}.")
    for letter in letters:
        print(msgspec.json.format(msgspec.json.encode(letter), indent=2).decode())
    return 0


async def _replay(event_id: UUID, *, url: str | None) -> int:
    async with connected(nats_url(url)) as client:
        answers = await _ask_all(client, "replay", OneDead(event_id), Replayed)
    outcomes = {f"{service}--{name}": text for service, one in answers.items() for name, text in one.outcomes.items()}
    if not outcomes:
        raise CliError(f"There is no dead letter {event_id}.")
    for reader, outcome in outcomes.items():
        print(f"{reader}: {outcome}")
    return 0 if set(outcomes.values()) == {"done"} else 1


async def _ask_all(client: Client, verb: str, ask: msgspec.Struct, answer: Any) -> dict[str, Any]:
    """The answer of each service that gives one; those that do not are named on stderr.

    Raises:
        CliError: none of them does.
    """
    asked = [_ask(client, dead_letters(owner, verb), ask, answer=answer) for owner in OWNERS]
    answers = dict(zip(OWNERS, await asyncio.gather(*asked), strict=True))
    silent = [owner for owner, found in answers.items() if found is None]
    if len(silent) == len(OWNERS):
        raise CliError("No service answers on this NATS server.")
    if silent:
        print(f"No answer from {' and '.join(silent)}.", file=sys.stderr)
    return {owner: found for owner, found in answers.items() if found is not None}


async def _ask(client: Client, subject: str, ask: msgspec.Struct, *, answer: Any) -> Any:
    try:
        message = await client.request(subject, msgspec.json.encode(ask), timeout=ANSWER_SECONDS_MAX)
        return msgspec.json.decode(message.data, type=answer)
    except (NatsError, TimeoutError, msgspec.MsgspecError):
        return None


async def _advisories(client: Client) -> list[Advisory]:
    """The newest of stream DEAD, newest first; none where the stream is not there yet."""
    jetstream = client.jetstream()
    try:
        state = (await jetstream.stream_info("DEAD")).state
        if not state.messages:
            return []
        start = max(state.first_seq, state.last_seq - ADVISORIES_MAX + 1)
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=start,
            ack_policy=AckPolicy.NONE,
            inactive_threshold=10,
            mem_storage=True,
        )
        consumer = await jetstream.add_consumer("DEAD", config)
        subscription = await jetstream.pull_subscribe_bind(consumer=consumer.name, stream="DEAD")
        messages = await subscription.fetch(ADVISORIES_MAX, timeout=1) if consumer.num_pending else []
    except NotFoundError:
        return []
    except (NatsError, TimeoutError):
        print("What the server itself saw given up cannot be read just now.", file=sys.stderr)
        return []
    return [msgspec.json.decode(message.data, type=Advisory) for message in reversed(messages)]


def _local(at: datetime) -> str:
    return f"{at.astimezone():%Y-%m-%d %H:%M:%S}"


def _one_line(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)[:100]
