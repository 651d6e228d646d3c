"""What the mail to a merchant says whose webhook endpoint was switched off."""

from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from shared.contracts.notify import DisabledBecause


class WebhookDisabled(msgspec.Struct, frozen=True, kw_only=True):
    """`url` is without its query, where merchants keep secrets. Nobody else is named to write to: this is who helps."""

    endpoint_id: UUID
    url: str
    description: str
    reason: DisabledBecause
    failing_since: datetime
    disabled_at: datetime
    merchant_name: str
    timezone: str
    livemode: bool
    support_email: str | None = None
    color: str | None = None

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or self.url


def without_query(url: str) -> str:
    return urlsplit(url)._replace(query="").geturl()
