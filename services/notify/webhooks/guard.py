"""Keeps webhooks out of our own network (SSRF).

The name is looked up once for each connection, every address is checked, and the connection goes to what was checked:
nobody looks the name up again, so that a name server which answers otherwise the second time gains nothing. The socket
factory is the last door: no socket is made for an address that was not let through, wherever it came from.
"""

import asyncio
import socket
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, cast

from aiohttp.abc import AbstractResolver, ResolveResult

from services.notify.domain.webhook_reach import Reach, refusal_of

LOOKUPS_AT_ONCE: Final = 32
"""The event loop's own resolver has four threads: four slow name servers would hold up everybody."""

Lookup = Callable[[str], Awaitable[list[str]]]
"""The addresses of a host. Raises OSError where there are none."""


class ForbiddenAddress(OSError):  # noqa: N818 - says what it is
    """The URL leads to where nothing is sent."""


class Guard(AbstractResolver):
    def __init__(self, reach: Reach, lookup: Lookup | None = None) -> None:
        self._reach: Reach = reach
        self._room = asyncio.Semaphore(LOOKUPS_AT_ONCE)
        self._lookup = lookup or self._look_up

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 - every address counts, of either family
    ) -> list[ResolveResult]:
        """Raises: ForbiddenAddress: one of the addresses, however many others there are, is not let through."""
        addresses = await self._lookup(host)
        for address in addresses:
            self._require(host, address)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for address in addresses
        ]

    async def close(self) -> None:
        """Nothing to close: a lookup that hangs is left to its thread, which keeps no process alive."""

    def socket(self, info: Any) -> socket.socket:
        """For what getaddrinfo says of one address. Raises: ForbiddenAddress."""
        family, kind, protocol, _, where = cast("tuple[int, int, int, str, tuple[Any, ...]]", info)
        address = str(where[0])
        self._require(address, address)
        made = socket.socket(family=family, type=kind, proto=protocol)
        made.setblocking(False)
        return made

    def _require(self, host: str, address: str) -> None:
        if reason := refusal_of(address, self._reach):
            raise ForbiddenAddress(f"{host} leads to an address that is {reason}")

    async def _look_up(self, host: str) -> list[str]:
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[str]] = loop.create_future()

        def tell(addresses: list[str], error: OSError | None) -> None:
            self._room.release()
            if not found.done():
                found.set_exception(error) if error else found.set_result(addresses)

        def work() -> None:
            addresses, error = _addresses(host)
            # The loop may have ended meanwhile: then nobody waits for the answer.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(tell, addresses, error)

        await self._room.acquire()
        threading.Thread(target=work, name="webhook-lookup", daemon=True).start()
        return await found


def _addresses(host: str) -> tuple[list[str], OSError | None]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except OSError as error:
        return [], error
    except UnicodeError as error:
        return [], OSError(str(error))
    return list(dict.fromkeys(str(address[0]) for *_, address in found)), None
