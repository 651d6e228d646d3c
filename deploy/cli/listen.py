"""Brings a merchant's webhooks to a program on one's own machine, as they would be sent: signed, one after another."""

import sys
from collections.abc import AsyncIterable, Sequence
from contextlib import aclosing
from typing import Annotated, TextIO
from uuid import UUID

from cyclopts import Parameter

from deploy.cli.bus.connect import connected, nats_url, run
from deploy.cli.bus.feed import Fact, feed
from deploy.cli.bus.moments import moment
from deploy.cli.bus.patterns import sources
from services.notify.domain.webhook_attempt import Attempt
from services.notify.domain.webhook_endpoint import EVERYTHING, check_events, check_url, let_through
from services.notify.domain.webhook_message import Message, heading_of, message_id, message_of
from services.notify.webhooks.guard import Guard
from services.notify.webhooks.sender import Sender
from services.notify.webhooks.signing import is_secret, new_secret, signed_headers
from shared.kernel.faults import Invalid
from shared.kernel.moment import utc_now
from shared.runtime.facts import Undecodable, decode_parts

_NAME_CHARS = 24


def listen(
    *,
    forward_to: str,
    events: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    org: UUID | None = None,
    since: str | None = None,
    secret: str | None = None,
    nats: str | None = None,
) -> None:
    """Relay events to a local URL as signed webhooks, and print what it answers. Nothing is tried again.

    Args:
        forward_to: Where to, such as http://localhost:3000/hook.
        events: Only these, such as charge.* or link.ended; say it once for each.
        org: Only this organization's.
        since: Begin earlier: 10m, 2h, 7d, or a moment such as 2027-03-05T11:05:00Z.
        secret: Sign with this one; else with a new one, which is printed first.
        nats: The server; else PAYLINKS_NATS_URL, else the running stack's.
    """
    filters = events or [EVERYTHING]
    try:
        check_events(filters)
        check_url(forward_to, reach="any", https_only=False)
    except Invalid as fault:
        option = "--events" if fault.values["field"] == "events" else "--forward-to"
        raise SystemExit(f"{option} {fault.values['rule']}.") from None
    if secret is not None and not is_secret(secret):
        raise SystemExit("--secret must be whsec_ and 24 to 64 bytes of base64.")
    run(_listen(forward_to, filters, secret or new_secret(), org=org, since=since, url=nats))


async def _listen(
    forward_to: str, filters: Sequence[str], secret: str, *, org: UUID | None, since: str | None, url: str | None
) -> int:
    start = moment(since, now=utc_now()) if since else None
    sender = Sender(Guard("any"))
    try:
        async with connected(nats_url(url)) as client:
            print(f"Signing secret: {secret}\nRelaying {', '.join(filters)} to {forward_to}. Ctrl-C ends.", flush=True)
            async with aclosing(feed(client, sources(None, org), since=start, follow=True)) as facts:
                await relay(facts, forward_to, filters, secret=secret, sender=sender, out=sys.stdout)
    finally:
        await sender.close()
    return 0


async def relay(
    facts: AsyncIterable[Fact],
    forward_to: str,
    filters: Sequence[str],
    *,
    secret: str,
    sender: Sender,
    out: TextIO,
) -> None:
    """Sends each fact that is told to merchants and let through, and writes a line about it."""
    async for fact in facts:
        message = _message(fact, filters)
        if message is None:
            continue
        at = utc_now()
        named = message_id(message.event_id)
        signed = signed_headers([secret], named, message.payload, at=at)
        attempt = await sender.post(forward_to, message.payload, signed, at=at)
        print(_line(message, named, attempt), file=out, flush=True)


def _message(fact: Fact, filters: Sequence[str]) -> Message | None:
    try:
        received = decode_parts(fact.headers, fact.body)
    except Undecodable:
        # A newer version's: this one could not say what it means.
        return None
    heading = heading_of(received)
    return message_of(received, heading) if heading and let_through(filters, heading.type) else None


def _line(message: Message, named: str, attempt: Attempt) -> str:
    answer = str(attempt.status) if attempt.status is not None else attempt.error
    time = f"{attempt.at.astimezone():%H:%M:%S}"
    return f"{time}  {message.type:{_NAME_CHARS}}  {named}  -> {answer} ({attempt.duration_ms} ms)"
