"""What notify is told besides what every service is told."""

import os
from collections.abc import Mapping
from email.utils import parseaddr
from typing import Final, Literal, Self
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec

from services.notify.domain.webhook_attempt import ATTEMPT_SECONDS_MAX
from services.notify.domain.webhook_reach import Reach
from shared.runtime.settings import ServiceSettings, SettingsError

_REACHES: Final[frozenset[Reach | None]] = frozenset({None, "global", "loopback", "private"})
PER_DOMAIN_MAX: Final = 100_000
Tls = Literal["offered", "required", "always"]
_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_TLS: Final[dict[str, Tls]] = {"smtp": "offered", "smtp+starttls": "required", "smtps": "always"}


class SmtpServer(msgspec.Struct, frozen=True, kw_only=True):
    """`tls`: by STARTTLS where the server offers it, by STARTTLS or not at all, or from the first byte.

    `ca_file` names the authorities that sign its certificate, where those of the system do not.
    """

    host: str
    port: int
    tls: Tls = "offered"
    ca_file: str | None = None
    username: str | None = None
    password: str | None = None


class Settings(ServiceSettings, frozen=True, kw_only=True):
    smtp_url: str
    mail_from: str
    webhook_reach: Reach | None = None
    webhook_disable_after_days: float = 5
    webhook_attempt_seconds: float = ATTEMPT_SECONDS_MAX
    mail_per_domain_per_second: float = 200

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        settings = super().from_environment(environment)
        settings.smtp_server()
        if settings.webhook_reach not in (_REACHES if settings.test_mode else {None, "global"}):
            raise SettingsError(
                "Settings: PAYLINKS_WEBHOOK_REACH may be global, and in test mode also loopback or private."
            )
        if settings.webhook_disable_after_days <= 0 or not 0 < settings.webhook_attempt_seconds <= ATTEMPT_SECONDS_MAX:
            raise SettingsError(
                "Settings: PAYLINKS_WEBHOOK_DISABLE_AFTER_DAYS must be above 0, and PAYLINKS_WEBHOOK_ATTEMPT_SECONDS "
                f"above 0 and at most {ATTEMPT_SECONDS_MAX}."
            )
        if not 0 < settings.mail_per_domain_per_second <= PER_DOMAIN_MAX:
            raise SettingsError(
                f"Settings: PAYLINKS_MAIL_PER_DOMAIN_PER_SECOND must be above 0 and at most {PER_DOMAIN_MAX}."
            )
        if "@" not in settings.from_address():
            raise SettingsError(
                "Settings: PAYLINKS_MAIL_FROM must be an address such as 'Shop <receipts@example.com>'."
            )
        return settings

    def smtp_server(self) -> SmtpServer:
        """`smtp://user:password@host:port`; `smtp+starttls://` insists on STARTTLS, `smtps://` is TLS from the start.

        `?ca_file=/path` is for a server whose certificate a private authority has signed.

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
            raise SettingsError(
                "Settings: PAYLINKS_SMTP_URL must look like smtp://host:port, smtp+starttls://host:port or "
                "smtps://host:port."
            )
        options = parse_qs(parts.query, keep_blank_values=True)
        if options.keys() - {"ca_file"} or len(options.get("ca_file", [])) > 1:
            raise SettingsError("Settings: PAYLINKS_SMTP_URL knows no option but ca_file.")
        return SmtpServer(
            host=host,
            port=port or _PORTS[parts.scheme],
            tls=_TLS[parts.scheme],
            ca_file=options["ca_file"][0] if "ca_file" in options else None,
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )

    def reach(self) -> Reach:
        """Where webhooks may go: in test mode to this machine as well, in production never."""
        return self.webhook_reach or ("loopback" if self.test_mode else "global")

    def from_address(self) -> str:
        return parseaddr(self.mail_from)[1]

    def public_host(self) -> str:
        return urlsplit(self.public_url).hostname or "localhost"
