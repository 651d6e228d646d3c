-- name: lock_uses
SELECT link_id, uses_max, used, held, version AS uses_version, exhausted_at
FROM link_uses
WHERE link_id = ANY($1::uuid[])
ORDER BY link_id
FOR UPDATE;

-- name: lock_free_uses
-- For work that may as well be done a second later.
SELECT link_id, uses_max, used, held, version AS uses_version, exhausted_at
FROM link_uses
WHERE link_id = ANY($1::uuid[])
ORDER BY link_id
FOR UPDATE SKIP LOCKED;

-- name: read_standings
-- Read after the lock, so that it sees what the last holder of the lock wrote.
SELECT asked.link_id, asked.session_id, asked.charge_id,
       link.org_id, link.starts_at, link.expires_at, link.paused_at, link.ended_at, link.ended_as,
       link.late_payment_policy,
       use.link_id AS use_link_id, use.charge_id AS use_charge_id, use.state, use.held_until, use.total_minor,
       use.currency, use.coupon_id,
       unsettled.charge_id IS NOT NULL AS known_unsettled
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS asked (link_id, session_id, charge_id)
JOIN link ON link.id = asked.link_id
LEFT JOIN use ON use.session_id = asked.session_id
LEFT JOIN unsettled ON unsettled.charge_id = asked.charge_id;

-- name: write_uses
INSERT INTO use (session_id, link_id, charge_id, state, held_until, total_minor, currency, coupon_id, updated_at)
SELECT *, $9
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::timestamptz[], $6::bigint[], $7::text[], $8::uuid[])
ON CONFLICT (session_id) DO UPDATE
SET charge_id = excluded.charge_id, state = excluded.state, held_until = excluded.held_until,
    total_minor = excluded.total_minor, currency = excluded.currency, coupon_id = excluded.coupon_id,
    updated_at = excluded.updated_at;

-- name: write_changes
-- Counters, revenue, money put aside and facts of a whole batch, in one round trip.
WITH counted AS (
    UPDATE link_uses
    SET used = c.used, held = c.held, version = c.version, exhausted_at = c.exhausted_at
    FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::timestamptz[])
        AS c (link_id, used, held, version, exhausted_at)
    WHERE link_uses.link_id = c.link_id
),
earned AS (
    INSERT INTO link_revenue AS r (link_id, currency, paid_count, revenue_minor, last_paid_at)
    SELECT *, $10 FROM unnest($6::uuid[], $7::text[], $8::bigint[], $9::bigint[])
    ON CONFLICT (link_id, currency) DO UPDATE
    SET paid_count = r.paid_count + excluded.paid_count,
        revenue_minor = r.revenue_minor + excluded.revenue_minor,
        last_paid_at = greatest(r.last_paid_at, excluded.last_paid_at)
),
aside AS (
    INSERT INTO unsettled (charge_id, link_id, session_id, total_minor, currency, policy, created_at)
    SELECT *, $10 FROM unnest($11::uuid[], $12::uuid[], $13::uuid[], $14::bigint[], $15::text[], $16::text[])
)
INSERT INTO outbox (id, type, subject, link_id, data, traceparent, created_at)
SELECT * FROM unnest($17::uuid[], $18::text[], $19::text[], $20::uuid[], $21::bytea[], $22::text[], $23::timestamptz[]);

-- name: take_back
DELETE FROM unsettled WHERE charge_id = ANY($1::uuid[]);

-- name: earliest_held
SELECT link_id, min(held_until) AS held_until
FROM use
WHERE link_id = ANY($1::uuid[]) AND state = 'held'
GROUP BY link_id;

-- name: lapsing
SELECT use.session_id, use.link_id, use.charge_id, link.org_id
FROM use
JOIN link ON link.id = use.link_id
WHERE use.state = 'held' AND use.held_until < $1
ORDER BY use.held_until
LIMIT $2;
