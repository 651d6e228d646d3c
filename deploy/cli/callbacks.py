import sys
from uuid import UUID

import msgspec
from cyclopts import App

from deploy.cli.bus.ask import ask
from deploy.cli.bus.connect import CliError, run
from shared.contracts.operator import CallbacksTold, CallbackTold, ListCallbacks, OneCallback
from shared.contracts.subjects import CALLBACK_LIST, CALLBACK_REPLAY, CALLBACK_SHOW

app = App(name="callbacks", help="What payment providers sent: list, show, replay.")


@app.command(name="list")
def list_callbacks(
    *,
    verdict: str | None = None,
    provider: str | None = None,
    limit: int = 50,
    json: bool | None = None,
    nats: str | None = None,
) -> None:
    """List callbacks of every organization, newest first.

    Args:
        verdict: Only these, such as bad_signature, unknown_reference or received (not applied yet).
        provider: Only of this provider.
        limit: At most so many.
        json: JSON lines, or not; without it, JSON lines into a pipe.
        nats: The server; else PAYLINKS_NATS_URL, else the running stack's.
    """
    as_json = not sys.stdout.isatty() if json is None else json
    run(_list(ListCallbacks(verdict=verdict, provider=provider, limit=limit), as_json=as_json, url=nats))


@app.command
def show(callback_id: UUID, *, nats: str | None = None) -> None:
    """Show one callback whole, as JSON: headers, body, verdict."""
    run(_show(callback_id, url=nats))


@app.command
def replay(callback_id: UUID, *, nats: str | None = None) -> None:
    """Verify, read and judge a callback again, as of when it came. Its effect happens once."""
    run(_replay(callback_id, url=nats))


async def _list(question: ListCallbacks, *, as_json: bool, url: str | None) -> int:
    told: CallbacksTold = await ask(CALLBACK_LIST, question, CallbacksTold, url=url)
    for one in told.callbacks:
        print(msgspec.json.encode(one).decode() if as_json else _line(one))
    if not told.callbacks and not as_json:
        print("No callbacks.")
    return 0


async def _show(callback_id: UUID, *, url: str | None) -> int:
    told: CallbacksTold = await ask(CALLBACK_SHOW, OneCallback(callback_id), CallbacksTold, url=url)
    print(msgspec.json.format(msgspec.json.encode(_only(told, callback_id)), indent=2).decode())
    return 0


async def _replay(callback_id: UUID, *, url: str | None) -> int:
    told: CallbacksTold = await ask(CALLBACK_REPLAY, OneCallback(callback_id), CallbacksTold, url=url)
    one = _only(told, callback_id)
    print(f"{one.verdict}{'' if told.replayed else '  (left as it was)'}")
    return 0 if told.replayed or one.verdict in {"accepted", "duplicate"} else 1


def _only(told: CallbacksTold, callback_id: UUID) -> CallbackTold:
    if not told.callbacks:
        raise CliError(f"There is no callback {callback_id}.")
    return told.callbacks[0]


def _line(one: CallbackTold) -> str:
    event = (one.event_id or "-")[:40]
    return f"{one.received_at.astimezone():%Y-%m-%d %H:%M:%S}  {one.id}  {one.provider}  {one.verdict}  {event}"
