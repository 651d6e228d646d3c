-- name: insert_tax_rate
INSERT INTO tax_rate (id, org_id, livemode, name, ppm, country, active, revision, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10);

-- name: find_tax_rate
SELECT * FROM tax_rate WHERE id = $1 AND org_id = $2 AND livemode = $3;

-- name: find_tax_rates
SELECT * FROM tax_rate WHERE id = ANY($1::uuid[]) AND org_id = $2 AND livemode = $3;

-- name: lock_tax_rate
SELECT * FROM tax_rate WHERE id = $1 AND org_id = $2 AND livemode = $3 FOR UPDATE;

-- name: update_tax_rate
UPDATE tax_rate
SET name = $2, ppm = $3, country = $4, active = $5, revision = $6, updated_at = $7
WHERE id = $1;

-- name: list_tax_rates
SELECT * FROM tax_rate
WHERE org_id = $1 AND livemode = $2 AND id < $3 AND ($5::boolean IS NULL OR active = $5)
ORDER BY id DESC
LIMIT $4;
