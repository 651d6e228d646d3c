from msgspec import UNSET, structs

from services.links.dialects.native.wire import account as wire
from services.links.domain.keys import PREFIX, ApiKey, KeyDraft
from services.links.domain.organization import Organization, OrganizationDraft


def organization_draft(body: wire.PatchOrganization) -> OrganizationDraft:
    return OrganizationDraft(
        name=body.name,
        default_currency=body.default_currency,
        currencies=UNSET if body.currencies is UNSET else tuple(body.currencies),
        support_email=body.support_email,
        locale=body.locale,
        timezone=body.timezone,
        logo_url=body.logo_url,
        color=body.color,
        late_payment_policy=body.late_payment_policy,
    )


def organization_out(organization: Organization) -> wire.Organization:
    return wire.Organization(
        id=organization.id,
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
        revision=organization.revision,
        created_at=organization.created_at,
        updated_at=organization.updated_at,
    )


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
