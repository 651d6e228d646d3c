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

-- name: read_feed
-- `= ANY`: see list_links.
SELECT seq, fact_id, type, at, data
FROM link_feed
WHERE link_id = ANY(ARRAY[$1::uuid]) AND seq > $2
ORDER BY link_id, seq
LIMIT $3;
