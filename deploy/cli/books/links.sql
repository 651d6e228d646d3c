-- name: captured
-- Every charge whose money links knows: counted as a use, or put aside.
SELECT charge_id AS id, link_id, total_minor AS amount_minor, currency, true AS counted FROM use WHERE state = 'settled'
UNION ALL
SELECT charge_id, link_id, total_minor, currency, false FROM unsettled
ORDER BY id;

-- name: refunded
SELECT id, link_id, amount_minor, currency FROM refund WHERE failed_at IS NULL ORDER BY id;

-- name: uses
SELECT link_id AS id, used FROM link_uses WHERE used <> 0 ORDER BY link_id;

-- name: revenue
SELECT link_id, currency, paid_count, revenue_minor FROM link_revenue;
