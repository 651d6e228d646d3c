from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from deploy.local.credentials import LocalSecrets
from deploy.local.home import Home
from deploy.local.ports import LOOPBACK, choose_ports
from deploy.local.postgres import SERVICES, database_dsn, embedded_dsn
from deploy.local.settings import LocalSettings
from deploy.local.simulators import SIMULATORS

PORT_NAMES = (*SERVICES, "sandbox", *(one.name for one in SIMULATORS), "nats", "postgres", "mailbox", "smtp")


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where every part of one stack answers. There is no `mailbox` when mail goes to a server from outside."""

    gateway: str
    services: Mapping[str, str]
    sandbox: str
    simulators: Mapping[str, str] = field(default_factory=dict[str, str])
    nats: str
    smtp: str
    mailbox: str | None
    postgres_server: str

    def database(self, service: str) -> str:
        return database_dsn(self.postgres_server, service)


def find_addresses(settings: LocalSettings, home: Home, secrets: LocalSecrets) -> Addresses:
    """Ports are chosen free, and stay the same from one start to the next while they are."""
    ports = choose_ports(PORT_NAMES, home.ports_file)
    return Addresses(
        gateway=_http(settings.port),
        services={name: _http(ports[name]) for name in SERVICES},
        sandbox=_http(ports["sandbox"]),
        simulators={one.name: _http(ports[one.name]) for one in SIMULATORS},
        nats=settings.nats_url or f"nats://{LOOPBACK}:{ports['nats']}",
        smtp=settings.smtp_url or f"smtp://{LOOPBACK}:{ports['smtp']}",
        mailbox=None if settings.smtp_url else _http(ports["mailbox"]),
        postgres_server=settings.postgres_dsn
        or embedded_dsn(port=ports["postgres"], password=secrets.postgres_password),
    )


def port_of(address: str) -> int:
    return urlsplit(address).port or 0


def _http(port: int) -> str:
    return f"http://{LOOPBACK}:{port}"
