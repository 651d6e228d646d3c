from cyclopts import App

from deploy.cli.bus.ask import ask
from deploy.cli.bus.connect import CliError, run
from shared.contracts.operator import Reseal, Resealed
from shared.contracts.subjects import ACCOUNTS_RESEAL

RESEAL_SECONDS_MAX = 120.0

app = App(name="accounts", help="Accounts with payment providers.")


@app.command
def reseal(*, nats: str | None = None) -> None:
    """Seal the credentials of every account with the present PAYLINKS_SECRET_KEY.

    After a change of that key, while the one before still stands in PAYLINKS_PREVIOUS_SECRET_KEYS.

    Args:
        nats: The server; else PAYLINKS_NATS_URL, else the running stack's.
    """
    run(_reseal(url=nats))


async def _reseal(*, url: str | None) -> int:
    told: Resealed = await ask(ACCOUNTS_RESEAL, Reseal(), Resealed, url=url, seconds=RESEAL_SECONDS_MAX)
    if told.failed:
        raise CliError("An account is sealed with a key that checkout does not know; name it as a previous key.")
    print(f"{told.accounts} sealed anew.")
    return 0
