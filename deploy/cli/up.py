import asyncio
import os
import sys

from deploy.local.faults import CannotStartError
from deploy.local.settings import LocalSettings
from deploy.local.stack import run


def up() -> None:
    """Start everything on this machine, print where to go, and keep it running until Ctrl-C.

    PAYLINKS_PORT is the gateway's port (8080) and PAYLINKS_HOME the data folder (var).
    PAYLINKS_POSTGRES_DSN, PAYLINKS_NATS_URL and PAYLINKS_SMTP_URL name servers to use instead of starting them;
    one that is not there yet is waited for, up to 30 s.
    """
    try:
        asyncio.run(run(LocalSettings.from_environment(os.environ)))
    except CannotStartError as error:
        print(error, file=sys.stderr)
        sys.exit(1)
