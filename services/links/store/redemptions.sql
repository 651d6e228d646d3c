-- name: lock_redemptions
SELECT coupon_uses.*, coupon.org_id
FROM coupon_uses
JOIN coupon ON coupon.id = coupon_uses.coupon_id
WHERE coupon_uses.coupon_id = ANY($1::uuid[])
ORDER BY coupon_uses.coupon_id
FOR UPDATE OF coupon_uses;

-- name: write_redemptions
UPDATE coupon_uses
SET redeemed = c.redeemed, held = c.held, version = c.version
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[]) AS c (coupon_id, redeemed, held, version)
WHERE coupon_uses.coupon_id = c.coupon_id;
