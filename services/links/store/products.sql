-- name: insert_product
INSERT INTO product (
    id, org_id, livemode, digital_id, name, description, image_url, price_minor, currency, more_prices, tax_rate_id,
    metadata, active, revision, created_at, updated_at
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::jsonb, $11, $12::text::jsonb, $13, $14, $15, $16);

-- name: find_product
SELECT * FROM product WHERE id = $1 AND org_id = $2 AND livemode = $3;

-- name: find_products
SELECT * FROM product WHERE id = ANY($1::uuid[]) AND org_id = $2 AND livemode = $3;

-- name: lock_product
SELECT * FROM product WHERE id = $1 AND org_id = $2 AND livemode = $3 FOR UPDATE;

-- name: update_product
UPDATE product
SET name = $2, description = $3, image_url = $4, price_minor = $5, currency = $6, more_prices = $7::text::jsonb,
    tax_rate_id = $8, metadata = $9::text::jsonb, active = $10, revision = $11, updated_at = $12
WHERE id = $1;

-- name: list_products
-- A currency finds products that have a price in it.
SELECT * FROM product
WHERE org_id = $1 AND livemode = $2 AND id < $3 AND ($5::boolean IS NULL OR active = $5)
  AND ($6::text IS NULL OR currency = $6 OR more_prices @> jsonb_build_array(jsonb_build_object('currency', $6::text)))
ORDER BY id DESC
LIMIT $4;

-- name: find_product_by_digital_id
SELECT * FROM product WHERE digital_id = $1 AND org_id = $2 AND livemode = $3;
