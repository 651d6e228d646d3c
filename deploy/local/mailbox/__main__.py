"""`python -m deploy.local.mailbox`: SMTP and the pages on one loop, until SIGTERM or SIGINT."""

import asyncio
import os
import signal
from pathlib import Path

import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server

from deploy.local.mailbox.smtp import Faults, smtp_protocol
from deploy.local.mailbox.store import MailStore
from deploy.local.mailbox.web import mailbox_app
from deploy.local.ports import LOOPBACK


async def serve(folder: Path, *, http_port: int, smtp_port: int) -> None:
    store, faults = MailStore(folder), Faults()
    loop = asyncio.get_running_loop()
    smtp = await loop.create_server(lambda: smtp_protocol(store, faults), LOOPBACK, smtp_port)
    http = Server(
        mailbox_app(store, faults),
        address=LOOPBACK,
        port=http_port,
        interface=Interfaces.ASGI,
        log_enabled=False,
        websockets=False,
    )
    serving = asyncio.create_task(http.serve())
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, http.stop)
    await serving
    smtp.close()


if __name__ == "__main__":
    uvloop.run(
        serve(
            Path(os.environ["PAYLINKS_MAILBOX_DATA"]),
            http_port=int(os.environ["PAYLINKS_MAILBOX_HTTP_PORT"]),
            smtp_port=int(os.environ["PAYLINKS_MAILBOX_SMTP_PORT"]),
        )
    )
