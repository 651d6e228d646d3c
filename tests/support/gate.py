"""links, checkout and notify as processes, with a mail server in the test's own loop: what a gated link needs."""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from deploy.local.mailbox.mail import Mail
from deploy.local.probes import http_answers
from deploy.local.program import Program
from services.links.use_cases.seed_demo import seed_demo
from shared.kernel.moment import utc_now
from shared.runtime.postgres import Postgres
from tests.support.links import FIXED, ROOT, SECRET_KEY
from tests.support.mails import MailServer, mail_server
from tests.support.otp import BUYER
from tests.support.processes import Server, free_port
from tests.support.servers import Databases

SERVICES = ("links", "checkout", "notify")


class GateRig:
    """`http` speaks to checkout, `native` to links with the key of the demo organization."""

    def __init__(self, folder: Path, *, dsns: dict[str, str], nats_url: str, mails: MailServer) -> None:
        self.folder, self.dsns, self.nats_url, self.mails = folder, dsns, nats_url, mails
        self.ports = {name: free_port() for name in SERVICES}
        self.url = self._url("checkout")
        self.servers = {name: self.service(name) for name in SERVICES}
        self.http = httpx.AsyncClient(base_url=self.url, timeout=30)
        self.native = httpx.AsyncClient(base_url=self._url("links"), timeout=30)
        self.pools: dict[str, Postgres] = {}

    async def start(self) -> None:
        await asyncio.gather(*(server.start() for server in self.servers.values()))
        self.pools = {name: await Postgres.connect(dsn, name="tests", size_max=4) for name, dsn in self.dsns.items()}
        demo = await seed_demo(self.pools["links"], now=utc_now())
        self.native.headers["Authorization"] = f"Bearer {demo.bearer}"

    async def stop(self) -> None:
        await self.http.aclose()
        await self.native.aclose()
        for pool in self.pools.values():
            await pool.close()
        await asyncio.gather(*(server.stop() for server in self.servers.values()))

    def service(self, name: str, **more: str) -> Server:
        url = self._url(name)
        environment = {
            "PAYLINKS_HTTP_PORT": str(self.ports[name]),
            "PAYLINKS_POSTGRES_DSN": self.dsns[name],
            "PAYLINKS_NATS_URL": self.nats_url,
            "PAYLINKS_PUBLIC_URL": self.url,
            "PAYLINKS_SECRET_KEY": SECRET_KEY,
            "PAYLINKS_TEST_MODE": "1",
            "PAYLINKS_LOG_LEVEL": "debug",
            "PAYLINKS_OTP_RESEND_SECONDS": "0",
            "PAYLINKS_OTP_PER_LINK_PER_HOUR": "100000",
            "PAYLINKS_OTP_PER_ADDRESS_PER_HOUR": "100000",
            "PAYLINKS_OTP_PER_ORGANIZATION_PER_HOUR": "100000",
            "PAYLINKS_SANDBOX_URL": "http://127.0.0.1:9",
            "PAYLINKS_SANDBOX_PLATFORM_KEY": "tests",
            "PAYLINKS_SMTP_URL": self.mails.url,
            "PAYLINKS_MAIL_FROM": "Paylinks <codes@pay.example>",
        }
        program = Program(
            name=name,
            command=[sys.executable, "-m", f"services.{name}"],
            environment=environment | more,
            is_ready=lambda: http_answers(f"{url}/ready", status_max=299),
            ready_seconds_max=20,
        )
        return Server(program, url=url, log=self.folder / f"{name}.log")

    async def replace(self, name: str, **more: str) -> None:
        """A new process in the place of the old one, which may be dead already."""
        await self.servers[name].stop()
        self.servers[name] = self.service(name, **more)
        await self.servers[name].start()

    async def link(self, email: str = BUYER, **fields: Any) -> dict[str, Any]:
        body = {"title": "Invoice #123", "pricing": FIXED, "gate": "otp", "recipient": {"email": email}}
        answer = await self.native.post(ROOT, json=body | fields)
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def ask(self, link: dict[str, Any], email: str = BUYER) -> httpx.Response:
        return await self.http.post(f"/v1/checkout/{link['slug']}/otp", json={"email": email})

    async def prove(self, link: dict[str, Any], code: str, email: str = BUYER) -> httpx.Response:
        return await self.http.put(f"/v1/checkout/{link['slug']}/otp", json={"email": email, "otp": code})

    async def mail(self, email: str = BUYER, *, after: int = 0, seconds: float = 10) -> Mail:
        """The newest mail to this address, once there are more than `after`."""
        ends = time.monotonic() + seconds
        while True:
            mails = [mail for mail in self.mails.mails if mail.to == email]
            if len(mails) > after:
                return max(mails, key=lambda mail: mail.id)
            assert time.monotonic() < ends, f"no mail within {seconds} s"
            await asyncio.sleep(0.05)

    def _url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"


@asynccontextmanager
async def gate_rig(folder: Path, databases: Databases, nats_url: str) -> AsyncGenerator[GateRig, None]:
    dsns = {name: await databases.clone(name) for name in SERVICES}
    async with mail_server(folder / "maildir") as mails:
        rig = GateRig(folder, dsns=dsns, nats_url=nats_url, mails=mails)
        try:
            await rig.start()
            yield rig
        finally:
            await rig.stop()
    for dsn in dsns.values():
        await databases.drop(dsn)
