-- name: insert_link
-- One round trip: the answer under its Idempotency-Key, the link, its counters and the fact. A key that is there
-- already stops all of it; a slug that is taken fails the whole statement, the key included.
WITH claimed AS (
    INSERT INTO idempotency (scope, route, key, fingerprint, status, body, created_at)
    SELECT $1, $2, $3, $4, $5, $6, $7
    WHERE $3::text IS NOT NULL
    ON CONFLICT DO NOTHING
    RETURNING key
),
made AS (
    INSERT INTO link (
        id, org_id, livemode, slug, title, description, private_note, pricing, currency, methods, providers, collect,
        success_url, cancel_url, branding, metadata, starts_at, expires_at, late_payment_policy, revision,
        created_at, updated_at
    )
    SELECT $8, $9, $10, $11, $12, $13, $14, $15::text::jsonb, $16, $17, $18, $19::text::jsonb,
           $20, $21, $22::text::jsonb, $23::text::jsonb, $24, $25, $26, 1,
           $7, $7
    WHERE $3::text IS NULL OR EXISTS (SELECT FROM claimed)
    RETURNING id
),
counted AS (
    INSERT INTO link_uses (link_id, uses_max) SELECT id, $27 FROM made
),
told AS (
    INSERT INTO outbox (id, type, subject, link_id, data, traceparent, created_at)
    SELECT $28, $29, $30, $31, $32, $33, $7 FROM made
)
SELECT id FROM made;

-- name: find_link
SELECT * FROM link_now WHERE id = $1 AND org_id = $2 AND livemode = $3;

-- name: find_link_by_slug
SELECT * FROM link_now WHERE slug = $1;

-- name: lock_link
-- The counters are locked with the link, since a change of the cap belongs to both. Holds lock the counters alone.
SELECT link.*, uses.uses_max, uses.used, uses.held, uses.version AS uses_version, uses.exhausted_at
FROM link
JOIN link_uses AS uses ON uses.link_id = link.id
WHERE link.id = $1 AND link.org_id = $2 AND link.livemode = $3
FOR UPDATE;

-- name: update_link
WITH changed AS (
    UPDATE link
    SET slug = $2, title = $3, description = $4, private_note = $5, pricing = $6::text::jsonb, currency = $7,
        methods = $8, providers = $9, collect = $10::text::jsonb, success_url = $11, cancel_url = $12,
        branding = $13::text::jsonb, metadata = $14::text::jsonb, starts_at = $15, expires_at = $16, paused_at = $17,
        ended_at = $18, ended_as = $19, late_payment_policy = $20, revision = $21, updated_at = $22
    WHERE id = $1
)
UPDATE link_uses SET uses_max = $23, exhausted_at = $24
WHERE link_id = $1 AND (uses_max, exhausted_at) IS DISTINCT FROM ($23, $24);

-- name: list_links
-- `= ANY` and the first column of ORDER BY tie the plan to link_listed. Left free, the planner walks the primary key
-- when one organization owns nearly everything, and a small one then waits for a walk past all of its links.
SELECT * FROM link_now
WHERE org_id = $1 AND livemode = ANY(ARRAY[$2::boolean]) AND id < $3
ORDER BY livemode, id DESC
LIMIT $4;

-- name: list_ended_links
SELECT * FROM link_now
WHERE org_id = $1 AND livemode = ANY(ARRAY[$2::boolean]) AND id < $3
  AND ended_as = $6
  AND ($5::text IS NULL OR currency = $5)
ORDER BY livemode, id DESC
LIMIT $4;

-- name: list_links_where
-- `state` is derived here exactly as `Gate.state` derives it; a test holds the two together.
SELECT * FROM link_now
WHERE org_id = $1 AND livemode = ANY(ARRAY[$2::boolean]) AND id < $3
  AND ($5::text IS NULL OR currency = $5)
  AND ($6::text IS NULL OR ended_as IS NULL AND $6 = CASE
      WHEN expires_at <= $7 AND (exhausted_at IS NULL OR expires_at <= exhausted_at) THEN 'expired'
      WHEN exhausted_at IS NOT NULL THEN 'exhausted'
      WHEN paused_at IS NOT NULL THEN 'paused'
      WHEN starts_at > $7 THEN 'scheduled'
      ELSE 'active'
  END)
ORDER BY livemode, id DESC
LIMIT $4;

-- name: revenue_of_link
SELECT currency, paid_count, revenue_minor, last_paid_at FROM link_revenue WHERE link_id = $1 ORDER BY currency;

-- name: unsettled_of_link
SELECT currency, count(*) AS charges, sum(total_minor) AS total_minor
FROM unsettled
WHERE link_id = $1
GROUP BY currency
ORDER BY currency;
