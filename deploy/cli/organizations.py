from collections.abc import Awaitable, Callable
from uuid import UUID

from cyclopts import App
from msgspec import UNSET

from deploy.cli.bus.connect import CliError, postgres_dsn, run
from services.links.domain.organization import OrganizationDraft
from services.links.use_cases.found_organization import found_organization, issue_key
from shared.kernel.faults import Fault, Unavailable
from shared.kernel.moment import utc_now
from shared.runtime.postgres import Postgres

app = App(name="organizations", help="Who sells here. For the operator, who has the database and needs no key.")

KEY_NAME = "Made by the operator"


@app.command
def create(
    name: str,
    *,
    currency: list[str],
    support_email: str | None = None,
    timezone: str = "UTC",
    locale: str = "en",
    postgres: str | None = None,
) -> None:
    """Make an organization, and a test key and a live key for it. The keys are shown once.

    Args:
        name: As buyers see it.
        currency: ISO 4217 codes; say it once for each, the usual one first.
        support_email: Where buyers may write.
        timezone: As in Africa/Kampala; for dates on pages and receipts.
        locale: Language of mails and pages where the buyer says nothing: en, fr, rw, sw, lg.
        postgres: DSN of the links database; else the running stack's.
    """
    draft = OrganizationDraft(
        name=name,
        currencies=tuple(currency),
        support_email=UNSET if support_email is None else support_email,
        timezone=timezone,
        locale=locale,
    )

    async def act(pg: Postgres) -> None:
        made = await found_organization(pg, draft, key_name=KEY_NAME, now=utc_now())
        print(f"organization  {made.organization.id}")
        print(f"test key      {made.test_bearer}")
        print(f"live key      {made.live_bearer}")

    run(on_links(postgres, act))


@app.command
def key(organization: UUID, *, live: bool = False, postgres: str | None = None) -> None:
    """Make one more key with every scope, for an organization that has lost its own. It is shown once.

    Args:
        organization: Its id.
        live: For real money; else a test key.
        postgres: DSN of the links database; else the running stack's.
    """

    async def act(pg: Postgres) -> None:
        print(await issue_key(pg, organization, name=KEY_NAME, livemode=live, now=utc_now()))

    run(on_links(postgres, act))


async def on_links(dsn: str | None, act: Callable[[Postgres], Awaitable[None]]) -> int:
    """On a connection to the database of links, at `dsn` or of the running stack.

    Raises:
        CliError: it does not answer, or what was asked is refused.
    """
    pg = await Postgres.connect(postgres_dsn("links", dsn), name="cli", size_max=1)
    try:
        await act(pg)
    except Unavailable:
        raise CliError("The database of links does not answer.") from None
    except Fault as fault:
        values = ", ".join(f"{name} {value}" for name, value in fault.values.items())
        raise CliError(f"Refused: {fault.code} ({values}).") from None
    finally:
        await pg.close()
    return 0
