from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

from cyclopts import App

from deploy.cli.bus.connect import CliError, postgres_dsn, run
from deploy.cli.bus.moments import moment
from shared.contracts.catalogue import EVENTS
from shared.contracts.subjects import OWNERS
from shared.kernel.faults import Unavailable
from shared.runtime import outbox
from shared.runtime.postgres import Postgres
from shared.runtime.queries import statements

app = App(name="outbox", help="What the services have published.")

_sql = statements(outbox.__file__)


@app.command
def replay(
    *,
    since: str,
    until: str | None = None,
    org: UUID | None = None,
    type: str | None = None,  # noqa: A002 - the option's name
    service: Literal["links", "checkout", "notify"] | None = None,
    postgres: str | None = None,
) -> None:
    """Publish facts again, under the ids they had. Readers know those ids, so nothing happens twice.

    For a NATS server that was rebuilt or lost its store. Rows are kept for seven days.

    Example: `paylinks outbox replay --since 2h --until 1h --type checkout.charge.succeeded`

    Args:
        since: Those that were published since: 10m, 2h, 7d ago, or a moment such as 2027-03-05T11:05:00Z.
        until: Only those that were published before: the same ways to say when; else all since.
        org: Only this organization's.
        type: Only this type, such as checkout.charge.succeeded.
        service: Only what this service published; else all services.
        postgres: DSN of that service's database; else the running stack's.
    """
    run(_replay(since, until, org=org, fact=type, service=service, postgres=postgres))


async def _replay(
    since: str, until: str | None, *, org: UUID | None, fact: str | None, service: str | None, postgres: str | None
) -> int:
    if fact is not None and fact not in EVENTS:
        raise CliError(f"There is no type '{fact}'. There are: {', '.join(EVENTS)}.")
    if postgres is not None and service is None:
        raise CliError("--postgres names one database: say whose it is with --service.")
    now = datetime.now(UTC)
    start, end = moment(since, now=now), moment(until, now=now) if until else None
    if end is not None and end <= start:
        raise CliError("--until is not later than --since.")
    owners = [service] if service else [EVENTS[fact].owner] if fact else list(OWNERS)
    for owner in owners:
        chosen = (start, fact, end, None if org is None else str(org))
        count = await _unsend(owner, postgres_dsn(owner, postgres), chosen)
        print(f"{owner}: {count} facts will be published again.")
    return 0


async def _unsend(owner: str, dsn: str, chosen: tuple[datetime, str | None, datetime | None, str | None]) -> int:
    database = await Postgres.connect(dsn, name="cli", size_max=1)
    try:
        tag = await database.execute(_sql["unsend"], *chosen)
    except Unavailable:
        raise CliError(f"The database of {owner} does not answer.") from None
    finally:
        await database.close()
    return int(tag.rpartition(" ")[2])
