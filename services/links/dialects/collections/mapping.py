"""`collections` and the domain: the only place that knows its quirks."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Literal

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from services.links.dialects.collections import wire
from services.links.dialects.surface import numbers
from services.links.domain.browsing import Browsed, ChargeCounts
from services.links.domain.charge import Charge, ChargeStatus
from services.links.domain.drafts import LinkDraft
from services.links.domain.link import Branding, Collect, Link, State
from services.links.domain.pricing import Fixed, Flexible, Open, PricingWanted, currency_of
from services.links.domain.revenue import Stats
from shared.contracts.links import Method
from shared.kernel.faults import Invalid
from shared.kernel.money import Money

PAYMENT_TYPES: Final[tuple[Method, ...]] = ("card", "mobile_money", "ussd", "bank_transfer")
"""What is meant when `payment_types` is left out."""
COLLECT: Final = Collect(name="optional", phone="optional")
"""Asked for by default: phone and name, not the address."""
_Body = wire.CreateLink | wire.PatchLink
_MOMENT: Final = "%Y-%m-%d %H:%M:%S"
_STATUS: Final[dict[State, wire.Status]] = {
    "active": "active",
    "paused": "inactive",
    "scheduled": "inactive",
    "expired": "expired",
    "exhausted": "exhausted",
    "archived": "archived",
    "revoked": "archived",
    "deleted": "archived",
}
_CHARGE_STATUS: Final[dict[ChargeStatus, Literal["success", "pending", "failed"]]] = {
    "created": "pending",
    "pending": "pending",
    "succeeded": "success",
    "failed": "failed",
    "expired": "failed",
}


def draft_of(body: wire.CreateLink) -> LinkDraft:
    """Raises: Invalid: an amount that is missing, or does not go with the type."""
    if body.amount_type == "fixed" and not isinstance(body.amount, Decimal):
        raise Invalid("amount", "is required for a fixed amount")
    draft = _plain(body)
    return replace(
        draft,
        pricing=_pricing(body, None),
        slug=body.slug or UNSET,
        methods=draft.methods or PAYMENT_TYPES,
        collect=_collect(body, COLLECT),
        branding=Branding(logo_url=body.logo_url or None),
    )


def patch_of(body: wire.PatchLink, link: Link, *, now: datetime) -> LinkDraft:
    """What the body names, with the rest of the pricing and of what is collected as the link has it.

    Raises:
        Invalid: what it names does not go together.
    """
    if body.slug is None:
        raise Invalid("slug", "cannot be taken away")
    draft = _plain(body)
    priced = any(
        named is not UNSET for named in (body.amount_type, body.currency, body.amount, body.min_amount, body.max_amount)
    )
    collects = any(named is not UNSET for named in (body.collect_phone, body.collect_name, body.collect_address))
    return replace(
        draft,
        pricing=_pricing(body, link) if priced else UNSET,
        slug=body.slug,
        paused=_paused(body.status, _STATUS[link.state(now)]),
        collect=_collect(body, link.collect) if collects else UNSET,
        branding=UNSET if body.logo_url is UNSET else replace(link.branding, logo_url=body.logo_url),
    )


def link_out(link: Link, *, public_url: str, now: datetime) -> wire.Link:
    pricing = link.pricing
    chosen = isinstance(pricing, Flexible | Open)
    currency = currency_of(pricing)
    bounds = pricing if isinstance(pricing, Flexible) else None
    return wire.Link(
        id=link.id,
        slug=link.slug,
        url=f"{public_url}/collections/generation/pay/{link.slug}",
        title=link.title,
        amount_type="flexible" if chosen else "fixed",
        amount=None if isinstance(pricing, Flexible | Open) else numbers.major(pricing.total),
        currency=currency,
        payment_types=list(link.methods),
        use_count=link.uses.used,
        max_uses=link.uses.max,
        status=_STATUS[link.state(now)],
        expires_at=moment_out(link.expires_at) if link.expires_at else None,
        created_at=moment_out(link.created_at),
        min_amount=_bound(bounds.min_minor if bounds else None, currency),
        max_amount=_bound(bounds.max_minor if bounds else None, currency),
        description=link.description or UNSET,
        redirect_url=link.success_url or UNSET,
        collect_phone=_unless(link.collect.phone != "no", default=True),
        collect_name=_unless(link.collect.name != "no", default=True),
        collect_address=_unless(link.collect.address != "no", default=False),
        logo_url=link.branding.logo_url or UNSET,
        metadata=link.metadata or UNSET,
    )


def links_out(browsed: Browsed, *, page: int, per_page: int, public_url: str, now: datetime) -> wire.Links:
    return wire.Links(
        links=[link_out(link, public_url=public_url, now=now) for link, _ in browsed.items],
        pagination=wire.Pagination(
            page=page, per_page=per_page, total=browsed.total, total_pages=-(-browsed.total // per_page)
        ),
    )


def stats_out(link: Link, stats: Stats, counts: ChargeCounts) -> wire.Stats:
    """Collected is all that was captured in the link's currency, also what came too late to count as a use."""
    currency = currency_of(link.pricing) or (stats.earned[0].revenue.currency if stats.earned else None)
    captured = [one.revenue for one in stats.earned] + [one.total for one in stats.unsettled]
    minor = sum(money.minor for money in captured if money.currency == currency)
    return wire.Stats(
        total_charges=counts.total,
        successful_charges=counts.succeeded,
        pending_charges=counts.pending,
        failed_charges=counts.failed,
        total_collected=numbers.major(Money(minor, currency)) if currency else Decimal(0),
        currency=currency,
    )


def charge_out(charge: Charge) -> wire.Charge:
    return wire.Charge(
        id=charge.id,
        amount=numbers.major_text(charge.total),
        currency=charge.total.currency,
        status=_CHARGE_STATUS[charge.status],
        created_at=moment_out(charge.created_at),
    )


def moment_out(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime(_MOMENT)


def moment_in(field: str, text: str | UnsetType | None) -> datetime | UnsetType | None:
    """The document writes times without a zone; they are UTC, as our answers are.

    Raises:
        Invalid: written in another way.
    """
    if not isinstance(text, str):
        return text
    try:
        return datetime.strptime(text, _MOMENT).replace(tzinfo=UTC)
    except ValueError:
        raise Invalid(field, "must be a time as YYYY-MM-DD HH:MM:SS") from None


def _plain(body: _Body) -> LinkDraft:
    return LinkDraft(
        title=body.title,
        description=body.description,
        success_url=body.redirect_url,
        uses_max=body.max_uses,
        expires_at=moment_in("expires_at", body.expires_at),
        methods=UNSET if body.payment_types is UNSET else tuple(dict.fromkeys(body.payment_types or PAYMENT_TYPES)),
        metadata={} if body.metadata is None else body.metadata,
    )


def _pricing(body: _Body, link: Link | None) -> PricingWanted:
    """The pricing that the body asks for; what it does not name is as the link has it."""
    known = link.pricing if link else None
    chosen = body.amount_type == "flexible" or (body.amount_type is UNSET and isinstance(known, Flexible | Open))
    currency = body.currency or (currency_of(known) if known else None)
    if not currency:
        raise Invalid("currency", "is required")
    if chosen:
        if isinstance(body.amount, Decimal):
            raise Invalid("amount", "does not go with a flexible amount, which has min_amount and max_amount")
        before = known if isinstance(known, Flexible) and known.currency == currency else Flexible(currency)
        return Flexible(
            currency,
            _minor("min_amount", body.min_amount, currency, before.min_minor),
            _minor("max_amount", body.max_amount, currency, before.max_minor),
        )
    for field, bound in (("min_amount", body.min_amount), ("max_amount", body.max_amount)):
        if isinstance(bound, Decimal):
            raise Invalid(field, "does not go with a fixed amount")
    if not isinstance(body.amount, Decimal):
        raise Invalid("amount", "is required for a fixed amount")
    return Fixed(numbers.from_major("amount", body.amount, currency))


def _paused(status: wire.Status | UnsetType, known: wire.Status) -> bool | UnsetType:
    """What a link is already may be sent along, as everything that was read may."""
    if status is UNSET or status == known:
        return UNSET
    if status not in {"active", "inactive"}:
        raise Invalid("status", "can be set to active and inactive; DELETE archives")
    return status == "inactive"


def _minor(field: str, amount: Decimal | UnsetType | None, currency: str, known: int | None) -> int | None:
    if amount is UNSET:
        return known
    return None if amount is None else numbers.from_major(field, amount, currency).minor


def _collect(body: _Body, known: Collect) -> Collect:
    """Asking never makes it harder to pay: a field that is asked for may be left empty, unless it was required."""
    named = {"phone": body.collect_phone, "name": body.collect_name, "address": body.collect_address}
    changed = {
        field: getattr(COLLECT, field) if asks is None else _need(getattr(known, field), asks=asks)
        for field, asks in named.items()
        if asks is not UNSET
    }
    return replace(known, **changed)


def _need(known: str, *, asks: bool) -> str:
    if not asks:
        return "no"
    return "optional" if known == "no" else known


def _bound(minor: int | None, currency: str | None) -> Decimal | UnsetType:
    return UNSET if minor is None or currency is None else numbers.major(Money(minor, currency))


def _unless(value: bool, *, default: bool) -> bool | UnsetType:  # noqa: FBT001 - a pure function of two truths
    return UNSET if value is default else value
