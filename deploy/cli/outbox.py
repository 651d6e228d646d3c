from datetime import UTC, datetime
from typing import Literal

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
    type: str | None = None,  # noqa: A002 - the option's name
    service: Literal["links", "checkout", "notify"] | None = None,
    postgres: str | None = None,
) -> None:
    """Publish facts again, under the ids they had. Readers know those ids, so nothing happens twice.

    For a NATS server that was rebuilt or lost its store. Rows are kept for seven days.

    Args:
        since: Those that were published since: 10m, 2h, 7d ago, or a moment such as 2027-03-05T11:05:00Z.
        type: Only this type, such as checkout.charge.succeeded.
        service: Only what this service published; else all services.
        postgres: DSN of that service's database; else the running stack's.
    """
    run(_replay(since, type, service=service, postgres=postgres))


async def _replay(since: str, fact: str | None, *, service: str | None, postgres: str | None) -> int:
    if fact is not None and fact not in EVENTS:
        raise CliError(f"There is no type '{fact}'. There are: {', '.join(EVENTS)}.")
    if postgres is not None and service is None:
        raise CliError("--postgres names one database: say whose it is with --service.")
    start = moment(since, now=datetime.now(UTC))
    owners = [service] if service else [EVENTS[fact].owner] if fact else list(OWNERS)
    for owner in owners:
        count = await _unsend(owner, postgres_dsn(owner, postgres), start=start, fact=fact)
        print(f"{owner}: {count} facts will be published again.")
    return 0


async def _unsend(owner: str, dsn: str, *, start: datetime, fact: str | None) -> int:
    database = await Postgres.connect(dsn, name="cli", size_max=1)
    try:
        tag = await database.execute(_sql["unsend"], start, fact)
    except Unavailable:
        raise CliError(f"The database of {owner} does not answer.") from None
    finally:
        await database.close()
    return int(tag.rpartition(" ")[2])
