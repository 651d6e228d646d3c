from datetime import date
from uuid import UUID

from deploy.cli.bus.ask import ask
from deploy.cli.bus.connect import CliError, run
from shared.contracts.operator import Reconcile, Reconciled
from shared.contracts.subjects import RECONCILE

ANSWER_SECONDS_MAX = 600.0


def reconcile(*, day: str, org: UUID | None = None, nats: str | None = None) -> None:
    """Compare the charges and refunds of a day (UTC) with what their providers say now, and list what differs.

    Exit code 1 when anything differs or could not be asked. What differs stands in GET /v1/reconciliations.

    Args:
        day: Such as 2027-03-05.
        org: Only of this organization.
        nats: The server; else PAYLINKS_NATS_URL, else the running stack's.
    """
    run(_reconcile(day, org, url=nats))


async def _reconcile(day: str, org: UUID | None, *, url: str | None) -> int:
    try:
        asked = Reconcile(day=date.fromisoformat(day), org_id=org)
    except ValueError:
        raise CliError(f"'{day}' is not a day; write it as 2027-03-05.") from None
    told: Reconciled = await ask(RECONCILE, asked, Reconciled, url=url, seconds=ANSWER_SECONDS_MAX)
    for one in told.accounts:
        mode = "live" if one.livemode else "test"
        theirs = "no list of theirs" if one.listed is None else f"{one.listed} on their list"
        print(
            f"{one.org_id}  {one.provider} ({mode})  {one.account_id}  "
            f"{one.compared} compared, {one.unanswered} unanswered, {one.differences} differ "
            f"({one.refunds_compared} refunds compared, {theirs})"
        )
    if not told.accounts:
        print("No charges on that day.")
    return 1 if any(one.unanswered or one.differences for one in told.accounts) else 0
