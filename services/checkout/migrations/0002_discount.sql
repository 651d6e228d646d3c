-- What a coupon took off when the session began: {coupon_id, code, off}. `total_minor` is what is charged, after it.
ALTER TABLE session ADD COLUMN discount jsonb;
