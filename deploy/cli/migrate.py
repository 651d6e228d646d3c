import os
from collections.abc import Sequence
from typing import Literal

import asyncpg

from deploy.cli.bus.connect import CliError, postgres_dsn, run
from deploy.cli.output import as_json, print_json
from deploy.local.program import PROJECT
from shared.contracts.subjects import OWNERS, Owner
from shared.runtime.migrate import Migration, MigrationChanged, states
from shared.runtime.migrate import migrate as apply


def migrate(
    service: Owner | Literal["all"] = "all",
    *,
    dry_run: bool = False,
    json: bool | None = None,
    postgres: str | None = None,
) -> None:
    """Bring databases up to date, and list what is applied. Of several at once one works, and the others wait.

    Services do this by themselves when they start, unless PAYLINKS_MIGRATE_AT_START is 0: they wait for it, then.

    Example: `paylinks migrate links --dry-run`

    Args:
        service: Whose database.
        dry_run: Change nothing; exit code 1 when something is still to be applied.
        json: JSON lines, or not; without it, JSON lines into a pipe.
        postgres: DSN of one service's database; else PAYLINKS_POSTGRES_DSN where one service is named; else the
            running stack's.
    """
    if postgres is not None and service == "all":
        raise SystemExit("--postgres names one database: say whose it is, as in 'paylinks migrate links'.")
    owners = OWNERS if service == "all" else (service,)
    named = postgres or (os.environ.get("PAYLINKS_POSTGRES_DSN") if service != "all" else None)
    run(_migrate(owners, named, dry=dry_run, json=as_json(asked=json)))


async def _migrate(owners: Sequence[Owner], named: str | None, *, dry: bool, json: bool) -> int:
    dsns: list[tuple[Owner, str]] = [(owner, postgres_dsn(owner, named)) for owner in owners]
    waiting = 0
    for owner, dsn in dsns:
        fresh, known = await _brought_up(owner, dsn, dry=dry)
        waiting += sum(one.applied_at is None for one in known)
        for one in known:
            state = "pending" if one.applied_at is None else "applied"
            if json:
                print_json({"service": owner, **one._asdict(), "state": state, "now": one.version in fresh})
            elif state == "pending" or one.version in fresh:
                print(f"{owner}  {one.version}  {state}")
        if not json:
            print(f"{owner}: {_count(known)}")
    return 1 if waiting else 0


async def _brought_up(owner: Owner, dsn: str, *, dry: bool) -> tuple[list[str], list[Migration]]:
    """What was applied now, and how every migration stands after that."""
    folder = PROJECT / "services" / owner / "migrations"
    try:
        fresh = [] if dry else await apply(dsn, folder)
        return fresh, await states(dsn, folder)
    except MigrationChanged as changed:
        raise CliError(
            f"The database of {owner} was made by another version, whose migration {changed} reads differently."
        ) from None
    except (OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.CannotConnectNowError):
        raise CliError(f"The database of {owner} does not answer.") from None
    except (asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise CliError(f"The database of {owner} refuses: {' '.join(str(error).split())}") from None


def _count(known: list[Migration]) -> str:
    waiting = sum(one.applied_at is None for one in known)
    return f"{len(known) - waiting} applied, {waiting} pending." if waiting else f"up to date, {len(known)} applied."
