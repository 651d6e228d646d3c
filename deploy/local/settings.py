from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local.faults import CannotStartError

PORT_MAX = 65535


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalSettings:
    """What may be chosen about a local stack. An outside server replaces the part that `make up` would have started."""

    port: int
    home: Path
    postgres_dsn: str | None
    nats_url: str | None
    smtp_url: str | None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> "LocalSettings":
        """Read the PAYLINKS_* variables; an empty one counts as not set.

        Raises:
            CannotStartError: a variable has a value that cannot be meant.
        """
        return cls(
            port=_port(environment.get("PAYLINKS_PORT") or "8080"),
            home=Path(environment.get("PAYLINKS_HOME") or "var").expanduser().absolute(),
            postgres_dsn=_url(environment, "PAYLINKS_POSTGRES_DSN", schemes=("postgresql", "postgres")),
            nats_url=_url(environment, "PAYLINKS_NATS_URL", schemes=("nats", "tls")),
            smtp_url=_url(environment, "PAYLINKS_SMTP_URL", schemes=("smtp", "smtp+starttls", "smtps")),
        )


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= PORT_MAX:
        return int(text)
    raise CannotStartError(f"PAYLINKS_PORT is '{text}': set it to a port number from 1 to {PORT_MAX}.")


def _url(environment: Mapping[str, str], name: str, *, schemes: tuple[str, ...]) -> str | None:
    text = environment.get(name)
    if not text:
        return None
    parts = urlsplit(text)
    if parts.scheme not in schemes or not parts.hostname:
        # The value itself may hold a password, so it is not repeated.
        raise CannotStartError(f"{name} cannot be used: it must look like {schemes[0]}://host:port.")
    return text
