import os
import signal
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from deploy.local.faults import CannotStartError
from deploy.local.ports import LOOPBACK
from deploy.local.postgres_data import SUPERUSER, binaries
from deploy.local.postgres_user import PostgresUser
from deploy.local.program import Program, run_tool

SERVICES = ("links", "checkout", "notify")
DEFAULT_PORT = 5432
# Money: what was answered with 2xx survives a power cut, so fsync and synchronous_commit stay on.
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "shared_buffers": "256MB",
    "max_connections": "200",
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_compression": "on",
    "autovacuum": "on",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
}
_CREATE_MISSING = "".join(
    f"SELECT 'CREATE DATABASE paylinks_{name}' WHERE NOT EXISTS "  # noqa: S608 - our own three names
    f"(SELECT FROM pg_database WHERE datname = 'paylinks_{name}')\\gexec\n"
    for name in SERVICES
)


def embedded_dsn(*, port: int, password: str) -> str:
    return f"postgresql://{SUPERUSER}:{quote(password, safe='')}@{LOOPBACK}:{port}/postgres"


def database_dsn(server_dsn: str, service: str) -> str:
    """The same server, this service's database."""
    return urlunsplit(urlsplit(server_dsn)._replace(path=f"/paylinks_{service}"))


def program(data: Path, *, port: int, user: PostgresUser) -> Program:
    settings = [f"--{name}={value}" for name, value in {**SETTINGS, "port": str(port)}.items()]
    asks = [str(binaries() / "pg_isready"), "-q", "-h", LOOPBACK, "-p", str(port), "-U", SUPERUSER, "-d", "postgres"]

    async def is_ready() -> bool:
        return (await run_tool(asks)).code == os.EX_OK

    return Program(
        name="postgres",
        command=user.run([str(binaries() / "postgres"), "-D", str(data), *settings]),
        is_ready=is_ready,
        # "Fast": open transactions are rolled back; the default would wait for every client to leave.
        stop_signal=signal.SIGINT,
        grace_seconds=15,
    )


def asks_whether_ready(server_dsn: str) -> list[str]:
    """The command that ends with 0 once the server takes connections. It needs no password, and is given none."""
    address, _ = _without_password(server_dsn)
    return [str(binaries() / "pg_isready"), "-q", "-t", "2", "-d", address]


async def create_databases(server_dsn: str, *, advice: str) -> None:
    """Create the services' databases where they are missing.

    Raises:
        CannotStartError: the server does not answer, or refuses; `advice` is what to do then.
    """
    address, password = _without_password(server_dsn)
    done = await run_tool(
        [str(binaries() / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", address],
        # In the environment, because every user of the machine can read a command line.
        environment={"PGPASSWORD": password, "PGCONNECT_TIMEOUT": "5"} if password else {"PGCONNECT_TIMEOUT": "5"},
        standard_input=_CREATE_MISSING.encode(),
    )
    if done.code:
        # Lines that begin with a tab only guess at what the one before says.
        said = [line for line in done.errors.splitlines() if line and not line.startswith("\t")]
        reason = said[-1].removeprefix("psql: error: ") if said else f"psql ended with {done.code}"
        raise CannotStartError(f"The databases cannot be opened at {address} ({reason}): {advice}.")


def _without_password(dsn: str) -> tuple[str, str]:
    parts = urlsplit(dsn)
    where = parts.netloc.rpartition("@")[2]
    user = f"{parts.username}@" if parts.username else ""
    address = urlunsplit(parts._replace(netloc=f"{user}{where}", path=parts.path or "/postgres"))
    return address, unquote(parts.password or "")
