-- name: insert_plan
INSERT INTO plan (
    id, org_id, livemode, name, description, price_minor, currency, interval, interval_count, metadata, active,
    revision, created_at, updated_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::jsonb, $11, $12, $13, $14);

-- name: find_plan
SELECT * FROM plan WHERE id = $1 AND org_id = $2 AND livemode = $3;

-- name: lock_plan
SELECT * FROM plan WHERE id = $1 AND org_id = $2 AND livemode = $3 FOR UPDATE;

-- name: update_plan
UPDATE plan
SET name = $2, description = $3, price_minor = $4, currency = $5, interval = $6, interval_count = $7,
    metadata = $8::text::jsonb, active = $9, revision = $10, updated_at = $11
WHERE id = $1;

-- name: list_plans
SELECT * FROM plan
WHERE org_id = $1 AND livemode = $2 AND id < $3 AND ($5::boolean IS NULL OR active = $5)
  AND ($6::text IS NULL OR currency = $6)
ORDER BY id DESC
LIMIT $4;
