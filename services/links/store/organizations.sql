-- name: insert_organization
-- A slug names an organization for good: the demo is made once, however often it is asked for.
INSERT INTO organization (
    id, name, slug, default_currency, currencies, support_email, locale, timezone, logo_url, color,
    late_payment_policy, revision, created_at, updated_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)
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
SET name = $2, default_currency = $3, currencies = $4, support_email = $5, locale = $6, timezone = $7, logo_url = $8,
    color = $9, late_payment_policy = $10, revision = $11, updated_at = $12
WHERE id = $1;
