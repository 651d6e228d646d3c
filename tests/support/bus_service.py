"""The smallest service there is, for tests of the bus: `python -m tests.support.bus_service checkout|links`.

`checkout` relays what a test writes into its outbox; `links` notes every fact that has its effect. Facts with a number
below zero are poison until table `cured` has a row.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from litestar import get

from shared.contracts.checkout import SessionAbandoned
from shared.contracts.envelope import Received
from shared.runtime.broker import Broker
from shared.runtime.consumer import Consumer
from shared.runtime.postgres import Postgres, Transaction
from shared.runtime.service import Parts, Runtime, run
from shared.runtime.settings import ServiceSettings

MIGRATIONS = Path(__file__).parent / "bus_migrations"


class PoisonedError(Exception):
    pass


async def note(tx: Transaction, received: Sequence[Received]) -> None:
    facts = [(one, one.event) for one in received if isinstance(one.event, SessionAbandoned)]
    if any(event.total.minor < 0 for _, event in facts) and not await tx.fetchval("SELECT count(*) FROM cured"):
        raise PoisonedError
    await tx.execute(
        "INSERT INTO applied (event_id, link_id, sequence, number) "
        "SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[])",
        [one.id for one, _ in facts],
        [event.link_id for _, event in facts],
        [one.sequence for one, _ in facts],
        [event.total.minor for _, event in facts],
    )


def counting(broker: Broker, postgres: Postgres) -> Consumer:
    return Consumer("count", broker=broker, postgres=postgres, events=[SessionAbandoned], handler=note)


@get("/slow")
async def slow() -> str:
    await asyncio.sleep(0.7)
    return "done"


async def build(runtime: Runtime) -> Parts:
    consumers = [counting(runtime.broker, runtime.postgres)] if runtime.name == "links" else []
    return Parts(route_handlers=[slow], consumers=consumers)


if __name__ == "__main__":
    run(sys.argv[1], ServiceSettings.from_environment, MIGRATIONS, build)
