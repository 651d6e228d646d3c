"""One pool of connections a service, with a bound on everything that can wait."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Self, cast

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from shared.kernel.faults import Unavailable

CONNECT_SECONDS_MAX: Final = 5
ACQUIRE_SECONDS_MAX: Final = 3
COMMAND_SECONDS_MAX: Final = 10
CLOSE_SECONDS_MAX: Final = 0.8
PROBE_SECONDS_MAX: Final = 2

Record = asyncpg.Record
Transaction = PoolConnectionProxy
"""An open transaction, handed to stores. What they write in it commits together or not at all."""

_GONE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.InsufficientResourcesError,  # too many connections, disk full, out of memory
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.QueryCanceledError,
    asyncpg.LockNotAvailableError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
)


async def _keep(_: object) -> None:
    """Resets nothing: no statement of ours changes a session's state, and asyncpg has rolled back before it calls this.

    The default reset costs a round trip per release, a third of a single-statement request (`make bench` measures it).
    """


class Postgres:
    """A pool. Single statements commit by themselves; `transaction()` groups several.

    Every method raises Unavailable when the database cannot be reached or does not answer in time.
    """

    def __init__(self, pool: "asyncpg.Pool[Record]", size_max: int) -> None:
        self.pool = pool
        self.size_max = size_max
        self.busy = 0
        """Connections that are out, and those who wait for one."""

    @classmethod
    async def connect(cls, dsn: str, *, name: str, size_max: int = 12) -> Self:
        """Connects lazily: the database may come up after the service."""
        pool = asyncpg.create_pool(
            dsn,
            min_size=0,
            max_size=size_max,
            reset=_keep,
            timeout=CONNECT_SECONDS_MAX,
            command_timeout=COMMAND_SECONDS_MAX,
            statement_cache_size=512,
            server_settings={
                "application_name": f"paylinks-{name}",
                "timezone": "UTC",
                "jit": "off",
                "statement_timeout": "8s",
                "lock_timeout": "4s",
                "idle_in_transaction_session_timeout": "15s",
            },
        )
        await pool
        return cls(pool, size_max)

    async def close(self) -> None:
        try:
            await asyncio.wait_for(self.pool.close(), CLOSE_SECONDS_MAX)
        except TimeoutError:
            self.pool.terminate()

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[Transaction, None]:
        async with self._acquired() as connection, connection.transaction():
            yield connection

    async def fetch(self, statement: str, *values: Any) -> Sequence[Record]:
        async with self._acquired() as connection:
            return cast("Sequence[Record]", await connection.fetch(statement, *values))

    async def fetchrow(self, statement: str, *values: Any) -> Record | None:
        async with self._acquired() as connection:
            return await connection.fetchrow(statement, *values)

    async def fetchval(self, statement: str, *values: Any) -> Any:
        async with self._acquired() as connection:
            return await connection.fetchval(statement, *values)

    async def execute(self, statement: str, *values: Any) -> str:
        async with self._acquired() as connection:
            return await connection.execute(statement, *values)

    async def answers(self) -> bool:
        """Whether the database answers a question right now."""
        try:
            async with asyncio.timeout(PROBE_SECONDS_MAX):
                await self.fetchval("SELECT 1")
        except (Unavailable, TimeoutError):
            return False
        return True

    def _acquired(self) -> "_Acquired":
        return _Acquired(self)


class _Acquired:
    """A connection for a moment, and its errors in our words. No generator: every statement passes through here."""

    __slots__ = ("_connection", "_owner")

    def __init__(self, owner: Postgres) -> None:
        self._owner = owner
        self._connection: Transaction | None = None

    async def __aenter__(self) -> Transaction:
        owner = self._owner
        # With one free there is nothing to wait for, and the timer that would bound the waiting is saved.
        timeout = None if owner.busy < owner.size_max else ACQUIRE_SECONDS_MAX
        owner.busy += 1
        try:
            self._connection = connection = await owner.pool.acquire(timeout=timeout)
        except BaseException as error:
            owner.busy -= 1
            if isinstance(error, _GONE):
                raise Unavailable("postgres") from error
            raise
        return connection

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        connection = self._connection
        assert connection is not None
        # Also raised for a value of the wrong kind or range, which is a mistake and no outage.
        lost = isinstance(error, asyncpg.InterfaceError) and connection.is_closed()
        try:
            await self._owner.pool.release(connection)
        except _GONE as failure:
            raise Unavailable("postgres") from (error or failure)
        finally:
            self._owner.busy -= 1
        if lost or isinstance(error, _GONE):
            raise Unavailable("postgres") from error


def constraint_of(error: Exception) -> str | None:
    """Name of the unique constraint that a write ran into, or None when it failed otherwise."""
    if isinstance(error, asyncpg.UniqueViolationError):
        return error.constraint_name
    return None
