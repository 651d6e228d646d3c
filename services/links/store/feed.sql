-- name: add_facts
-- Numbers and keeps what is not kept yet. The counters are locked in the order of their links, until this commits: of
-- two numbers of one link the lower one is always there first.
WITH arrived AS (
    SELECT link_id, fact_id, type, at, data, place
    FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[], $5::text[])
        WITH ORDINALITY AS a (link_id, fact_id, type, at, data, place)
    WHERE NOT EXISTS (SELECT FROM link_feed WHERE link_feed.fact_id = a.fact_id)
),
counted AS (
    INSERT INTO link_feed_counter AS c (link_id, seq)
    SELECT link_id, count(*) FROM arrived GROUP BY link_id ORDER BY link_id
    ON CONFLICT (link_id) DO UPDATE SET seq = c.seq + excluded.seq
    RETURNING link_id, seq
)
INSERT INTO link_feed (link_id, seq, fact_id, type, at, data)
SELECT link_id, counted.seq + 1 - row_number() OVER (PARTITION BY link_id ORDER BY place DESC), fact_id, type, at,
       data::jsonb
FROM arrived
JOIN counted USING (link_id);

-- name: mark_sent_and_feed
-- What the relay does with links' own facts once the stream has them: they need not come back over the bus to be kept
-- here. The rest is as in `add_facts`. Neither waits for the disk: what a crash takes away it takes away together, and
-- the facts are published again, under the same ids.
WITH marked AS (
    UPDATE outbox SET sent_at = $2
    FROM (SELECT set_config('synchronous_commit', 'off', true)) AS lazily
    WHERE position = ANY($1::bigint[]) AND sent_at IS NULL
    RETURNING link_id, id, type, created_at, data, position
),
kept AS MATERIALIZED (
    -- As an array, so that the index finds them: the relay's sessions do without nested loops.
    SELECT fact_id FROM link_feed WHERE fact_id = ANY(ARRAY(SELECT id FROM marked))
),
arrived AS (
    SELECT link_id, id AS fact_id, type, created_at AS at, data, position
    FROM marked
    WHERE (type LIKE 'links.link.%' OR type LIKE 'links.use.%') AND id <> ALL(ARRAY(SELECT fact_id FROM kept))
),
counted AS (
    INSERT INTO link_feed_counter AS c (link_id, seq)
    SELECT link_id, count(*) FROM arrived GROUP BY link_id ORDER BY link_id
    ON CONFLICT (link_id) DO UPDATE SET seq = c.seq + excluded.seq
    RETURNING link_id, seq
)
INSERT INTO link_feed (link_id, seq, fact_id, type, at, data)
SELECT link_id, counted.seq + 1 - row_number() OVER (PARTITION BY link_id ORDER BY position DESC), fact_id, type, at,
       convert_from(data, 'UTF8')::jsonb
FROM arrived
JOIN counted USING (link_id);

-- name: sent_and_not_fed
-- Found by when it was sent: ordering by position first, PostgreSQL would walk through the whole outbox.
WITH recent AS MATERIALIZED (
    SELECT id, position, type
    FROM outbox
    WHERE sent_at > $1
),
missed AS (
    SELECT position
    FROM recent
    WHERE (type LIKE 'links.link.%' OR type LIKE 'links.use.%')
      AND NOT EXISTS (SELECT FROM link_feed WHERE link_feed.fact_id = recent.id)
    ORDER BY position
    LIMIT 1000
)
SELECT link_id, id, type, created_at AS at, convert_from(data, 'UTF8') AS data
FROM outbox
WHERE position = ANY(ARRAY(SELECT position FROM missed))
ORDER BY position;

-- name: read_feed
-- `= ANY`: see list_links.
SELECT seq, fact_id, type, at, data
FROM link_feed
WHERE link_id = ANY(ARRAY[$1::uuid]) AND seq > $2
ORDER BY link_id, seq
LIMIT $3;
