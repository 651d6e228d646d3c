from msgspec import UNSET, UnsetType, structs

from services.links.dialects.native.mapping.links import reminders_in, reminders_out, tuple_in
from services.links.dialects.native.wire import account as wire
from services.links.domain.keys import PREFIX, ApiKey, KeyDraft
from services.links.domain.organization import (
    LIFETIME_SECONDS_DEFAULT,
    METHODS_DEFAULT,
    Bounds,
    Organization,
    OrganizationDraft,
)
from shared.contracts.links import RemindersView


def organization_draft(body: wire.PatchOrganization) -> OrganizationDraft:
    return OrganizationDraft(
        name=body.name,
        default_currency=body.default_currency,
        currencies=tuple_in(body.currencies),
        support_email=body.support_email,
        locale=body.locale,
        timezone=body.timezone,
        logo_url=body.logo_url,
        color=body.color,
        late_payment_policy=body.late_payment_policy,
        payment_bounds=_bounds_in(body.payment_bounds),
        tax_mode=body.tax_mode,
        default_methods=METHODS_DEFAULT if body.default_methods is None else tuple_in(body.default_methods),
        default_providers=() if body.default_providers is None else tuple_in(body.default_providers),
        link_lifetime_seconds=(
            LIFETIME_SECONDS_DEFAULT if body.link_lifetime_seconds is None else body.link_lifetime_seconds
        ),
        redirect_origins=() if body.redirect_origins is None else tuple_in(body.redirect_origins),
        checkout_url=body.checkout_url,
        reminders=RemindersView() if (named := reminders_in(body.reminders)) is None else named,
    )


def organization_out(organization: Organization) -> wire.Organization:
    return wire.Organization(
        id=organization.id,
        merchant_id=organization.merchant_id,
        name=organization.name,
        slug=organization.slug,
        default_currency=organization.default_currency,
        currencies=list(organization.currencies),
        support_email=organization.support_email,
        locale=organization.locale,
        timezone=organization.timezone,
        logo_url=organization.logo_url,
        color=organization.color,
        late_payment_policy=organization.late_payment_policy,
        payment_bounds={
            currency: wire.BoundsOut(bounds.min_minor, bounds.max_minor)
            for currency, bounds in organization.payment_bounds.items()
        },
        tax_mode=organization.tax_mode,
        default_methods=list(organization.default_methods),
        default_providers=list(organization.default_providers),
        link_lifetime_seconds=organization.link_lifetime_seconds,
        redirect_origins=list(organization.redirect_origins),
        checkout_url=organization.checkout_url,
        reminders=reminders_out(organization.reminders),
        revision=organization.revision,
        created_at=organization.created_at,
        updated_at=organization.updated_at,
    )


def _bounds_in(bounds: dict[str, wire.BoundsIn] | UnsetType | None) -> dict[str, Bounds] | UnsetType:
    if bounds is UNSET:
        return UNSET
    return {currency: Bounds(one.min_minor, one.max_minor) for currency, one in (bounds or {}).items()}


def key_draft(body: wire.CreateApiKey) -> KeyDraft:
    return KeyDraft(name=body.name, scopes=tuple(body.scopes), livemode=body.livemode, expires_at=body.expires_at)


def key_out(key: ApiKey) -> wire.ApiKey:
    return wire.ApiKey(
        id=key.id,
        name=key.name,
        scopes=list(key.scopes),
        livemode=key.livemode,
        prefix=f"{PREFIX}_{'live' if key.livemode else 'test'}_{key.id}_",
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        rotated_to=key.rotated_to,
        last_used_at=key.last_used_at,
    )


def new_key_out(key: ApiKey, bearer: str) -> wire.NewApiKey:
    return wire.NewApiKey(**structs.asdict(key_out(key)), secret=bearer)
