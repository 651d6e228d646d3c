-- name: add_refunds
INSERT INTO refund (id, link_id, charge_id, session_id, amount_minor, currency, refunded_at)
SELECT *
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::text[], $7::timestamptz[])
    AS new (id, link_id, charge_id, session_id, amount_minor, currency, refunded_at)
ORDER BY id
ON CONFLICT DO NOTHING;

-- name: undo_refunds
-- Also where the fact that it had gone through is still to come: it finds this one, and counts nowhere.
INSERT INTO refund (id, link_id, charge_id, session_id, amount_minor, currency, refunded_at, failed_at)
SELECT new.*, new.failed_at
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::text[], $7::timestamptz[])
    AS new (id, link_id, charge_id, session_id, amount_minor, currency, failed_at)
ORDER BY id
ON CONFLICT (id) DO UPDATE SET failed_at = excluded.failed_at;
