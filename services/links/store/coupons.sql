-- name: insert_coupon
WITH made AS (
    INSERT INTO coupon (
        id, org_id, livemode, code, off, currency, expires_at, metadata, active, revision, created_at, updated_at
    )
    VALUES ($1, $2, $3, $4, $5::text::jsonb, $6, $7, $8::text::jsonb, $9, $10, $11, $12)
    RETURNING id
)
INSERT INTO coupon_uses (coupon_id, redemptions_max) SELECT id, $13 FROM made;

-- name: find_coupon
SELECT coupon.*, redemptions_max, redeemed, held, version
FROM coupon JOIN coupon_uses ON coupon_id = id
WHERE id = $1 AND org_id = $2 AND livemode = $3;

-- name: find_coupon_by_code
SELECT coupon.*, redemptions_max, redeemed, held, version
FROM coupon JOIN coupon_uses ON coupon_id = id
WHERE code = $1 AND org_id = $2 AND livemode = $3;

-- name: lock_coupon
-- Its counters stay free, and a use may name it (NO KEY): payments go on while somebody changes it, and never lock it out.
SELECT coupon.*, redemptions_max, redeemed, held, version
FROM coupon JOIN coupon_uses ON coupon_id = id
WHERE id = $1 AND org_id = $2 AND livemode = $3
FOR NO KEY UPDATE OF coupon;

-- name: update_coupon
WITH capped AS (
    UPDATE coupon_uses SET redemptions_max = $9, version = version + 1
    WHERE coupon_id = $1 AND redemptions_max IS DISTINCT FROM $9
)
UPDATE coupon
SET off = $2::text::jsonb, currency = $3, expires_at = $4, metadata = $5::text::jsonb, active = $6, revision = $7,
    updated_at = $8
WHERE id = $1;

-- name: list_coupons
SELECT coupon.*, redemptions_max, redeemed, held, version
FROM coupon JOIN coupon_uses ON coupon_id = id
WHERE org_id = $1 AND livemode = $2 AND id < $3 AND ($5::boolean IS NULL OR active = $5)
  AND ($6::text IS NULL OR code = $6)
  AND ($7::text IS NULL OR currency = $7 OR off #>> '{amount,currency}' = $7)
ORDER BY id DESC
LIMIT $4;
