from typing import Literal
from uuid import UUID

from cyclopts import App

from deploy.cli.bus.connect import run
from deploy.cli.organizations import on_links
from services.links.use_cases.enrol_member import enrol_member, reset_password
from services.links.use_cases.passwords import Passwords
from shared.kernel.moment import utc_now
from shared.runtime.postgres import Postgres

app = App(name="members", help="Who signs in. For the operator, who has the database and needs no password.")


@app.command
def add(
    email: str,
    *,
    organization: UUID,
    name: str,
    role: Literal["owner", "admin", "staff", "viewer"] = "owner",
    postgres: str | None = None,
) -> None:
    """Make somebody a member of an organization. They get a new password, which is shown once.

    Somebody who belongs to another organization already gets a new password, too: who added them there may know the
    one that they have. An invitation by an owner leaves it as it is.

    Args:
        email: What they sign in with.
        organization: Its id.
        name: As the others of the organization see it.
        role: Owners and admins do everything, staff links and products, viewers read.
        postgres: DSN of the links database; else the running stack's.
    """

    async def act(pg: Postgres) -> None:
        made = await enrol_member(
            pg, Passwords(), org_id=organization, email=email, name=name, role=role, now=utc_now()
        )
        print(f"member    {made.member.id}")
        print(f"password  {made.password}")

    run(on_links(postgres, act))


@app.command
def password(email: str, *, postgres: str | None = None) -> None:
    """Give somebody a new password, which is shown once. Wherever they are signed in, that ends.

    Args:
        email: What they sign in with.
        postgres: DSN of the links database; else the running stack's.
    """

    async def act(pg: Postgres) -> None:
        print(await reset_password(pg, Passwords(), email=email, now=utc_now()))

    run(on_links(postgres, act))
