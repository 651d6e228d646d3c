"""A stack in test mode, as the simulations see it: the API, the sandbox provider's own books, the mailbox."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import msgspec

from deploy.cli.bus.connect import CliError
from deploy.cli.local import read_local_file

SECONDS_MAX = 30
CONNECTIONS_MAX = 100


class World:
    def __init__(self, local: dict[str, Any], client: httpx.AsyncClient) -> None:
        self._local = local
        self._client = client

    async def merchant(self, method: str, path: str, body: object = None) -> Any:
        headers = self._local["credentials"]["native"]
        return await self._asked(method, self._local["gateway"] + path, body, headers=headers)

    async def buyer(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> httpx.Response:
        """Whatever the answer is: a buyer may be refused."""
        try:
            return await self._client.request(method, self._local["gateway"] + path, json=body, headers=headers)
        except httpx.TransportError as error:
            raise CliError(f"Paylinks does not answer at {self._local['gateway']} ({type(error).__name__}).") from None

    async def sandbox(self, method: str, path: str, body: object = None) -> Any:
        """The provider's control API."""
        sandbox = self._local["sandbox"]
        return await self._asked(method, sandbox["url"] + path, body, headers=sandbox["control"])

    async def payment(self, charge_id: str) -> dict[str, Any] | None:
        """What the provider's books hold for a charge of ours."""
        found = await self.sandbox("GET", f"/control/payments?reference={UUID(charge_id).hex}")
        return found["data"][0] if found["data"] else None

    async def callbacks(self, payment_id: str) -> list[dict[str, Any]]:
        return (await self.sandbox("GET", f"/control/callbacks?payment={payment_id}&limit=1000"))["data"]

    async def mails(self, to: str) -> int | None:
        """How many have come; None where the stack has a mail server of its own."""
        if not self._local["mailbox_json"]:
            return None
        return len(await self._asked("GET", f"{self._local['mailbox_json']}?to={to}", None, headers={}))

    async def _asked(self, method: str, url: str, body: object, *, headers: dict[str, str]) -> Any:
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        try:
            answer = await self._client.request(method, url, json=body, headers=headers)
            answer.raise_for_status()
            return msgspec.json.decode(answer.content)
        except httpx.HTTPStatusError as error:
            status = error.response.status_code
            raise CliError(f"{origin} refuses {method} {urlsplit(url).path}: status {status}.") from None
        except (httpx.TransportError, msgspec.MsgspecError):
            raise CliError(f"There is no proper answer from {origin}.") from None


@asynccontextmanager
async def running_world() -> AsyncGenerator[World, None]:
    """The stack of this machine. It is always in test mode.

    Raises:
        NotRunningError: there is none.
    """
    local = read_local_file()
    limits = httpx.Limits(max_connections=CONNECTIONS_MAX)
    async with httpx.AsyncClient(timeout=SECONDS_MAX, limits=limits) as client:
        yield World(local, client)
