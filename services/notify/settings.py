"""What notify is told besides what every service is told."""

import os
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Final, Self
from urllib.parse import unquote, urlsplit

import msgspec

from shared.runtime.settings import ServiceSettings, SettingsError

_PORTS: Final = {"smtp": 25, "smtps": 465}


class SmtpServer(msgspec.Struct, frozen=True, kw_only=True):
    """`tls` is from the first byte; without it, STARTTLS is used where the server offers it."""

    host: str
    port: int
    tls: bool
    username: str | None = None
    password: str | None = None


class Settings(ServiceSettings, frozen=True, kw_only=True):
    smtp_url: str
    mail_from: str

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        settings = super().from_environment(environment)
        settings.smtp_server()
        if "@" not in settings.from_address():
            raise SettingsError(
                "Settings: PAYLINKS_MAIL_FROM must be an address such as 'Shop <receipts@example.com>'."
            )
        return settings

    def smtp_server(self) -> SmtpServer:
        """`smtp://user:password@host:port`, or `smtps://` for TLS from the start.

        Raises:
            SettingsError: it is not such an address.
        """
        try:
            parts = urlsplit(self.smtp_url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port, parts = None, None, urlsplit("")
        if parts.scheme not in _PORTS or not host:
            # It may hold a password, so it is not repeated.
            raise SettingsError("Settings: PAYLINKS_SMTP_URL must look like smtp://host:port or smtps://host:port.")
        return SmtpServer(
            host=host,
            port=port or _PORTS[parts.scheme],
            tls=parts.scheme == "smtps",
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )

    def from_address(self) -> str:
        return parseaddr(self.mail_from)[1]

    def public_host(self) -> str:
        return urlsplit(self.public_url).hostname or "localhost"
