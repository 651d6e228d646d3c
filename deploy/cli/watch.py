import os
import sys
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

from cyclopts import Parameter

from deploy.cli.bus.connect import CliError, connected, nats_url, run
from deploy.cli.bus.feed import Fact, feed
from deploy.cli.bus.lines import Lines, json_line, organization_of
from deploy.cli.bus.moments import moment
from deploy.cli.bus.patterns import Source, sources
from shared.contracts import envelope

_ID_CHARS_MIN = 4


def watch(
    subject: Annotated[str | None, Parameter(name=["--subject", "-s"])] = None,
    *,
    org: str | None = None,
    link: str | None = None,
    since: str | None = None,
    follow: bool = True,
    json: bool | None = None,
    nats: str | None = None,
) -> None:
    """Print facts as they happen: aligned lines on a terminal, JSON lines into a pipe.

    Example: `paylinks watch 'charge.*' --since 1h`

    Args:
        subject: Only these: a short name such as charge.succeeded or charge, with its owner as in
            checkout.charge.succeeded, or a whole NATS subject. * stands for one part, as in charge.* and *.failed,
            and > for all the rest, as in links.>; quote them in a shell. docs/events.md lists every fact.
        org: Only this organization: its id, or the end of it.
        link: Only this link: its id, or the end of it.
        since: Begin earlier: a duration such as 10m, 2h or 7d, or a moment such as 2027-03-05T11:05:00Z.
        follow: Go on with what happens from now on; --no-follow ends with the last fact there is.
        json: JSON lines, or not, whatever the output is.
        nats: The server; else PAYLINKS_NATS_URL, else the running stack's.
    """
    as_json = not sys.stdout.isatty() if json is None else json
    run(_watch(subject, org, link=link, since=since, follow=follow, as_json=as_json, url=nats))


async def _watch(
    subject: str | None,
    org: str | None,
    *,
    link: str | None,
    since: str | None,
    follow: bool,
    as_json: bool,
    url: str | None,
) -> int:
    wanted = _sources(subject, org)
    link_end = _id_end("--link", link)
    org_end = _id_end("--org", org)
    # Without --since there is a past to see only for those who do not stay.
    beginning = None if follow else datetime.min.replace(tzinfo=UTC)
    start = moment(since, now=datetime.now(UTC)) if since else beginning
    lines = Lines(color=sys.stdout.isatty() and not os.environ.get("NO_COLOR"), zone=None)
    async with (
        connected(nats_url(url)) as client,
        # Its readers end before their connection does, also when nobody reads us any more.
        aclosing(feed(client, wanted, since=start, follow=follow)) as facts,
    ):
        async for fact in facts:
            if _concerns(fact, org_end, link_end):
                print(json_line(fact) if as_json else lines.of(fact), flush=True)
    return 0


def _sources(subject: str | None, org: str | None) -> list[Source]:
    """A whole id is left to the server to filter by."""
    try:
        return sources(subject, UUID(org) if org else None)
    except ValueError:
        return sources(subject, None)


def _id_end(option: str, text: str | None) -> str:
    if text is None:
        return ""
    end = text.lower()
    if len(end) < _ID_CHARS_MIN or set(end) - set("0123456789abcdef-"):
        raise CliError(f"{option} {text} is not an id: give it whole, or at least the last {_ID_CHARS_MIN} characters.")
    return end


def _concerns(fact: Fact, org_end: str, link_end: str) -> bool:
    link_id = fact.headers.get(envelope.SUBJECT) or ""
    return (organization_of(fact) or "").endswith(org_end) and link_id.endswith(link_end)
