-- name: insert_organization
-- A slug names an organization for good: the demo is made once, however often it is asked for.
INSERT INTO organization (
    id, merchant_id, name, slug, default_currency, currencies, support_email, locale, timezone, logo_url, color,
    late_payment_policy, payment_bounds, tax_mode, default_methods, default_providers, link_lifetime_seconds,
    redirect_origins, checkout_url, reminders, revision, created_at, updated_at
)
VALUES (
    $1, $21, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12::text::jsonb, $13, $14, $15, $16, $17, $18, $19::text::jsonb,
    $20, $22, $22
)
ON CONFLICT (slug) DO NOTHING
RETURNING id;

-- name: find_organization
SELECT * FROM organization WHERE id = $1;

-- name: find_organization_by_slug
SELECT * FROM organization WHERE slug = $1;

-- name: lock_organization
SELECT * FROM organization WHERE id = $1 FOR UPDATE;

-- name: update_organization
UPDATE organization
SET name = $2, slug = $3, default_currency = $4, currencies = $5, support_email = $6, locale = $7, timezone = $8,
    logo_url = $9, color = $10, late_payment_policy = $11, payment_bounds = $12::text::jsonb, tax_mode = $13,
    default_methods = $14, default_providers = $15, link_lifetime_seconds = $16, redirect_origins = $17,
    checkout_url = $18, reminders = $19::text::jsonb, revision = $20, updated_at = $21
WHERE id = $1;
