import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID
from zoneinfo import available_timezones

import msgspec
from msgspec import UNSET, UnsetType

from services.links.domain import texts
from services.links.domain.addresses import check_origin, check_url, origin_of
from services.links.domain.faults import TotalOutOfBounds
from services.links.domain.reminders import check_reminders
from shared.contracts.links import LateSuccessPolicy, MerchantView, Method, RemindersView, TaxMode
from shared.kernel.faults import Invalid
from shared.kernel.ids import new_id
from shared.kernel.money import MINOR_MAX, Money, exponent

NAME_CHARS_MAX: Final = 200
CURRENCIES_MAX: Final = 50
PROVIDERS_MAX: Final = 10
REDIRECT_ORIGINS_MAX: Final = 50
LIFETIME_SECONDS_MIN: Final = 60
LIFETIME_SECONDS_MAX: Final = 5 * 366 * 86_400
LIFETIME_SECONDS_DEFAULT: Final = 7 * 86_400
METHODS_DEFAULT: Final[tuple[Method, ...]] = ("mobile_money", "card")
_EMAIL: Final = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9.-]{1,180}\.[A-Za-z]{2,63}")
_LOCALE: Final = re.compile(r"[a-z]{2,3}(-[A-Z]{2})?")
_TIMEZONES: Final = frozenset(available_timezones())


class Bounds(msgspec.Struct, frozen=True):
    """The least and the most that one payment may come to, in minor units; None is no bound of the organization's."""

    min_minor: int | None = None
    max_minor: int | None = None


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    """`merchant_id` is its other name, for callers who know merchants.

    `payment_bounds` go by currency. Buyers may be sent on to `redirect_origins` by an address that they bring
    themselves. `checkout_url` is the origin that shows the buyer's pages; None is the gateway. `reminders` go for links
    that have none of their own.
    """

    id: UUID
    merchant_id: UUID = msgspec.field(default_factory=new_id)
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
    payment_bounds: dict[str, Bounds] = {}
    tax_mode: TaxMode = "exclusive"
    default_methods: tuple[Method, ...] = METHODS_DEFAULT
    default_providers: tuple[str, ...] = ()
    link_lifetime_seconds: int = LIFETIME_SECONDS_DEFAULT
    redirect_origins: tuple[str, ...] = ()
    checkout_url: str | None = None
    reminders: RemindersView = RemindersView()
    revision: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def merchant(self) -> MerchantView:
        """As buyers see it, where a link says nothing else."""
        return MerchantView(
            name=self.name,
            logo_url=self.logo_url,
            color=self.color,
            support_email=self.support_email,
            locale=self.locale,
            timezone=self.timezone,
            checkout_url=self.checkout_url,
        )

    def takes_total(self, total: Money) -> bool:
        """Whether a payment may come to this."""
        bounds = self.payment_bounds.get(total.currency, Bounds())
        return (bounds.min_minor or 1) <= total.minor <= (bounds.max_minor or MINOR_MAX)

    def check_total(self, total: Money) -> None:
        """Raises TotalOutOfBounds when a payment may not come to this."""
        if not self.takes_total(total):
            bounds = self.payment_bounds.get(total.currency, Bounds())
            raise TotalOutOfBounds(currency=total.currency, min_minor=bounds.min_minor, max_minor=bounds.max_minor)

    def may_redirect_to(self, url: str) -> bool:
        """Whether an address that a buyer brings is one that the organization trusts."""
        return origin_of(url) in self.redirect_origins


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
    payment_bounds: dict[str, Bounds] | UnsetType = UNSET
    tax_mode: TaxMode | UnsetType = UNSET
    default_methods: tuple[Method, ...] | UnsetType = UNSET
    default_providers: tuple[str, ...] | UnsetType = UNSET
    link_lifetime_seconds: int | UnsetType = UNSET
    redirect_origins: tuple[str, ...] | UnsetType = UNSET
    checkout_url: str | UnsetType | None = UNSET
    reminders: RemindersView | UnsetType = UNSET


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
    _check_defaults(draft)
    _check_origins(draft, test_mode=test_mode)


def _check_defaults(draft: OrganizationDraft) -> None:
    if draft.payment_bounds is not UNSET:
        _check_bounds(draft.payment_bounds)
    if draft.reminders is not UNSET:
        check_reminders(draft.reminders)
    methods, providers, lifetime = draft.default_methods, draft.default_providers, draft.link_lifetime_seconds
    if methods is not UNSET and (not methods or len(set(methods)) != len(methods)):
        raise Invalid("default_methods", "must name at least one method, and none twice")
    if providers is not UNSET and (len(set(providers)) != len(providers) or len(providers) > PROVIDERS_MAX):
        raise Invalid("default_providers", f"must name at most {PROVIDERS_MAX}, and none twice")
    if lifetime is not UNSET and not LIFETIME_SECONDS_MIN <= lifetime <= LIFETIME_SECONDS_MAX:
        raise Invalid("link_lifetime_seconds", f"must be from {LIFETIME_SECONDS_MIN} to {LIFETIME_SECONDS_MAX}")


def _check_bounds(by_currency: Mapping[str, Bounds]) -> None:
    if len(by_currency) > CURRENCIES_MAX:
        raise Invalid("payment_bounds", f"must name at most {CURRENCIES_MAX} currencies")
    for currency, bounds in by_currency.items():
        exponent(currency)
        for field in ("min_minor", "max_minor"):
            bound: int | None = getattr(bounds, field)
            if bound is not None and not 1 <= bound <= MINOR_MAX:
                raise Invalid(f"payment_bounds.{currency}.{field}", f"must be from 1 to {MINOR_MAX}, or null")
        if bounds.min_minor is not None and bounds.max_minor is not None and bounds.min_minor > bounds.max_minor:
            raise Invalid(f"payment_bounds.{currency}.max_minor", "must not be less than min_minor")


def _check_origins(draft: OrganizationDraft, *, test_mode: bool) -> None:
    if isinstance(draft.checkout_url, str):
        check_origin("checkout_url", draft.checkout_url, test_mode=test_mode)
    if draft.redirect_origins is not UNSET:
        named = draft.redirect_origins
        if len(set(named)) != len(named) or len(named) > REDIRECT_ORIGINS_MAX:
            raise Invalid("redirect_origins", f"must name at most {REDIRECT_ORIGINS_MAX} origins, and none twice")
        for origin in named:
            check_origin("redirect_origins", origin, test_mode=test_mode)
