-- name: insert_links
-- One round trip for any number: the answers under their Idempotency-Keys, the links, their counters and the facts. A
-- key that is there already stops what was asked for with it; a slug that is taken fails the whole statement, the keys
-- included. The links come as one JSON document: binding their two dozen columns one by one cost the process more.
-- Keys first, then slugs, each in its own order, so that two statements never wait for each other.
WITH asked AS MATERIALIZED (
    SELECT *
    FROM unnest(
        $1::uuid[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::smallint[],
        $9::bytea[], $10::uuid[], $11::text[], $12::text[], $13::bytea[], $14::text[]
    ) AS asked (
        link_id, uses_max, created_at, scope, route, key, fingerprint, status,
        body, event_id, type, subject, data, traceparent
    )
),
claimed AS (
    INSERT INTO idempotency (scope, route, key, fingerprint, status, body, created_at)
    SELECT scope, route, key, fingerprint, status, body, created_at
    FROM asked
    WHERE key IS NOT NULL
    ORDER BY scope, route, key
    ON CONFLICT DO NOTHING
    RETURNING scope, route, key
),
made AS (
    INSERT INTO link (
        id, org_id, livemode, slug, title, description, private_note, pricing, methods, providers, collect,
        success_url, cancel_url, branding, metadata, starts_at, expires_at, paused_at, late_payment_policy,
        internal_name, coupons_allowed, recipient, gate_otp, verified_at, scheduled_at, reminders, reference,
        created_by, revision, created_at, updated_at
    )
    SELECT id, org_id, livemode, slug, title, description, private_note, pricing, methods, providers, collect,
           success_url, cancel_url, branding, metadata, starts_at, expires_at, paused_at, late_payment_policy,
           internal_name, coupons_allowed, recipient, gate_otp, verified_at, scheduled_at, reminders, reference,
           created_by, revision, created_at, updated_at
    FROM jsonb_populate_recordset(NULL::link, $15::text::jsonb)
    WHERE id IN (
        SELECT link_id
        FROM asked
        LEFT JOIN claimed USING (scope, route, key)
        WHERE asked.key IS NULL OR claimed.key IS NOT NULL
    )
    ORDER BY slug
    RETURNING id, org_id, livemode
),
counted AS (
    INSERT INTO link_uses (link_id, uses_max, org_id, livemode)
    SELECT id, uses_max, org_id, livemode
    FROM made
    JOIN asked ON asked.link_id = made.id
),
told AS (
    -- Numbered at once: whatever else is said of a link comes after this commits, and the relay need not write the row
    -- once more to number it.
    INSERT INTO outbox (id, type, subject, link_id, link_seq, data, traceparent, created_at)
    SELECT event_id, type, subject, link_id, 1, data, traceparent, created_at
    FROM made
    JOIN asked ON asked.link_id = made.id
),
numbered AS (
    INSERT INTO outbox_sequence (link_id, seq)
    SELECT id, 1
    FROM made
)
SELECT id FROM made;
