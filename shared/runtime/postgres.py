"""One pool of connections a service, with a bound on everything that can wait."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, Self, cast

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from shared.kernel.faults import Invalid, Unavailable

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
    asyncpg.ReadOnlySQLTransactionError,
)
_UNDONE = (asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
# A NUL, which PostgreSQL keeps in no text: in a text, and in JSON. Bodies are looked through for it before, but an
# address (`/callbacks/sandbox/a%00`, `?slug=%00`) may bring one as far as here.
_UNKEEPABLE = (asyncpg.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)


class Undone(Unavailable):
    """The database gave up, because of what somebody else does to the same rows. Nothing of it was written."""


async def _keep(_: object) -> None:
    """Resets nothing: no statement of ours changes a session's state, and asyncpg has rolled back before it calls this.

    The default reset costs a round trip per release, a third of a single-statement request (`make bench` measures it).
    """


class Postgres:
    """A pool. Single statements commit by themselves; `transaction()` groups several.

    Every method raises Unavailable when the database cannot be reached or does not answer in time, and Invalid for a
    text that it cannot keep.
    """

    def __init__(self, pool: "asyncpg.Pool[Record]") -> None:
        self._pool = pool

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
        return cls(pool)

    async def close(self) -> None:
        try:
            await asyncio.wait_for(self._pool.close(), CLOSE_SECONDS_MAX)
        except TimeoutError:
            self._pool.terminate()

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

    @asynccontextmanager
    async def _acquired(self) -> AsyncGenerator[Transaction, None]:
        try:
            async with self._pool.acquire(timeout=ACQUIRE_SECONDS_MAX) as connection:
                try:
                    yield connection
                except asyncpg.InterfaceError as error:
                    # Also raised for a value of the wrong kind or range, which is a mistake and no outage.
                    if _is_closed(connection):
                        raise Unavailable("postgres") from error
                    raise
                except asyncpg.InternalClientError as error:
                    # The server's last words were heard and its end not yet: the connection went back into the pool.
                    connection.terminate()
                    raise Unavailable("postgres") from error
        except _UNDONE as error:
            raise Undone("postgres") from error
        except _UNKEEPABLE as error:
            raise Invalid("", "text must not hold control characters") from error
        except _GONE as error:
            raise Unavailable("postgres") from error


def _is_closed(connection: Transaction) -> bool:
    """Also when it gave itself back to the pool, as connections do that the server has ended."""
    try:
        return connection.is_closed()
    except asyncpg.InterfaceError:
        return True


def constraint_of(error: Exception) -> str | None:
    """Name of the unique constraint that a write ran into, or None when it failed otherwise."""
    if isinstance(error, asyncpg.UniqueViolationError):
        return error.constraint_name
    return None


Reader = Postgres | Transaction
"""Where a question goes that changes nothing: to the pool, or into the transaction that asks it."""
