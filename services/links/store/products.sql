-- name: insert_product
INSERT INTO product (
    id, org_id, livemode, digital_id, name, description, image_url, price_minor, currency, metadata, active, revision,
    created_at, updated_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::jsonb, $11, $12, $13, $14);

-- name: find_product
SELECT * FROM product WHERE id = $1 AND org_id = $2 AND livemode = $3;

-- name: lock_product
SELECT * FROM product WHERE id = $1 AND org_id = $2 AND livemode = $3 FOR UPDATE;

-- name: update_product
UPDATE product
SET name = $2, description = $3, image_url = $4, price_minor = $5, currency = $6, metadata = $7::text::jsonb,
    active = $8, revision = $9, updated_at = $10
WHERE id = $1;

-- name: list_products
SELECT * FROM product
WHERE org_id = $1 AND livemode = $2 AND id < $3 AND ($5::boolean IS NULL OR active = $5)
ORDER BY id DESC
LIMIT $4;

-- name: insert_plan
INSERT INTO plan (id, org_id, livemode, name, price_minor, currency, interval, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: list_plans
SELECT * FROM plan
WHERE org_id = $1 AND livemode = $2 AND id < $3
ORDER BY id DESC
LIMIT $4;
