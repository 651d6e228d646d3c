import re
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import available_timezones

import msgspec
from msgspec import UNSET, UnsetType

from services.links.domain import texts
from services.links.domain.addresses import check_url
from shared.contracts.links import LateSuccessPolicy
from shared.kernel.faults import Invalid
from shared.kernel.money import exponent

NAME_CHARS_MAX: Final = 200
CURRENCIES_MAX: Final = 50
_EMAIL: Final = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9.-]{1,180}\.[A-Za-z]{2,63}")
_LOCALE: Final = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
_TIMEZONES: Final = frozenset(available_timezones())


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    name: str
    slug: str | None = None
    default_currency: str
    currencies: tuple[str, ...]
    support_email: str | None = None
    locale: str = "en"
    timezone: str = "UTC"
    logo_url: str | None = None
    color: str | None = None
    late_payment_policy: LateSuccessPolicy = "accept"
    revision: int = 1
    created_at: datetime
    updated_at: datetime


class OrganizationDraft(msgspec.Struct, frozen=True, kw_only=True):
    """UNSET is not named."""

    name: str | UnsetType = UNSET
    default_currency: str | UnsetType = UNSET
    currencies: tuple[str, ...] | UnsetType = UNSET
    support_email: str | UnsetType | None = UNSET
    locale: str | UnsetType = UNSET
    timezone: str | UnsetType = UNSET
    logo_url: str | UnsetType | None = UNSET
    color: str | UnsetType | None = UNSET
    late_payment_policy: LateSuccessPolicy | UnsetType = UNSET


def check(draft: OrganizationDraft, *, test_mode: bool) -> None:
    """Raises Invalid or UnknownCurrency when something that is named cannot be accepted."""
    if draft.name is not UNSET:
        texts.check_name("name", draft.name, chars_max=NAME_CHARS_MAX)
    if draft.currencies is not UNSET:
        if len(set(draft.currencies)) != len(draft.currencies) or not 1 <= len(draft.currencies) <= CURRENCIES_MAX:
            raise Invalid("currencies", f"must name 1 to {CURRENCIES_MAX} currencies, and none twice")
        for currency in draft.currencies:
            exponent(currency)
    if isinstance(draft.support_email, str) and not _EMAIL.fullmatch(draft.support_email):
        raise Invalid("support_email", "is not an e-mail address")
    if isinstance(draft.locale, str) and not _LOCALE.fullmatch(draft.locale):
        raise Invalid("locale", "must be a language such as 'en' or 'fr-RW'")
    if isinstance(draft.timezone, str) and draft.timezone not in _TIMEZONES:
        raise Invalid("timezone", "must be a time zone such as 'Africa/Kampala'")
    if isinstance(draft.logo_url, str):
        check_url("logo_url", draft.logo_url, test_mode=test_mode)
    if isinstance(draft.color, str):
        texts.check_color("color", draft.color)
