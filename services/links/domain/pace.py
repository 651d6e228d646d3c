"""How often codes may be asked for and tried: the same for every address, known or not."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import msgspec

HOUR: Final = timedelta(hours=1)
RESEND_SECONDS: Final = 60
PER_LINK_PER_HOUR: Final = 5
PER_ADDRESS_PER_HOUR: Final = 10
PER_IP_PER_HOUR: Final = 60
"""Whole quarters are behind one address of a mobile operator."""
PER_ORGANIZATION_PER_HOUR: Final = 2_000
GUESSES_PER_IP_PER_HOUR: Final = 120


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Of codes asked for, and of guesses, in any hour."""

    resend_seconds: int = RESEND_SECONDS
    per_link_per_hour: int = PER_LINK_PER_HOUR
    per_address_per_hour: int = PER_ADDRESS_PER_HOUR
    per_ip_per_hour: int = PER_IP_PER_HOUR
    per_organization_per_hour: int = PER_ORGANIZATION_PER_HOUR
    guesses_per_ip_per_hour: int = GUESSES_PER_IP_PER_HOUR


class Rule(msgspec.Struct, frozen=True):
    """At most `count_max` things called `name` in any `within`."""

    name: bytes
    count_max: int
    within: timedelta


class Pace:
    """Names are hashed with a key: the table of who asked tells nobody's address."""

    def __init__(self, key: bytes, limits: Limits) -> None:
        self._key = key
        self._limits = limits

    @property
    def resend_after(self) -> timedelta:
        return timedelta(seconds=self._limits.resend_seconds)

    def of_request(self, email: str, *, org_id: UUID | None, link_id: UUID | None, client_ip: str | None) -> list[Rule]:
        """Only what the request itself names counts: what we know of the address must not show."""
        limits = self._limits
        pair = self._name("pair", f"{link_id}\n{email}")
        rules = [
            Rule(pair, limits.per_link_per_hour, HOUR),
            Rule(self._name("address", email), limits.per_address_per_hour, HOUR),
        ]
        if limits.resend_seconds:
            rules.append(Rule(pair, 1, self.resend_after))
        if client_ip is not None:
            rules.append(Rule(self._name("ip", client_ip), limits.per_ip_per_hour, HOUR))
        if org_id is not None:
            rules.append(Rule(self._name("organization", str(org_id)), limits.per_organization_per_hour, HOUR))
        return rules

    def of_guess(self, client_ip: str | None) -> list[Rule]:
        if client_ip is None:
            return []
        return [Rule(self._name("guess", client_ip), self._limits.guesses_per_ip_per_hour, HOUR)]

    def _name(self, kind: str, value: str) -> bytes:
        return hmac.digest(self._key, f"{kind}\n{value}".encode(), hashlib.sha256)


def retry_at(rules: list[Rule], oldest: list[datetime | None]) -> datetime | None:
    """`oldest` has, for each rule, the ask that has to get too old first; None: there is room."""
    waits = [at + rule.within for rule, at in zip(rules, oldest, strict=True) if at is not None]
    return max(waits, default=None)
