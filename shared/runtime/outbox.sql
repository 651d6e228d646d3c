-- name: add_events
INSERT INTO outbox (id, type, subject, link_id, data, traceparent, created_at)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::bytea[], $6::text[], $7::timestamptz[]);

-- name: take_numbered
-- What a relay before this one numbered and did not see through. It goes first, or a fact that committed late, with a
-- lower position and a higher number, would overtake it. It is among the first: a batch was never longer.
SELECT id, position, type, subject, link_id, data, traceparent, created_at, link_seq
FROM (SELECT * FROM outbox WHERE sent_at IS NULL ORDER BY position LIMIT 5000) AS first
WHERE link_seq IS NOT NULL
ORDER BY position
LIMIT $1;

-- name: number_and_take
-- Numbers what is not numbered yet and returns the batch. It commits before anything is published: a number, once
-- it has been seen on the bus, never changes. Only the relay that holds the advisory lock runs this.
WITH batch AS MATERIALIZED (
    SELECT id, position, type, subject, link_id, data, traceparent, created_at, link_seq
    FROM outbox
    WHERE sent_at IS NULL
    ORDER BY position
    LIMIT $1
),
fresh AS (
    SELECT link_id, count(*) AS n
    FROM batch
    WHERE link_id IS NOT NULL AND link_seq IS NULL
    GROUP BY link_id
),
counted AS (
    INSERT INTO outbox_sequence AS s (link_id, seq)
    SELECT link_id, n FROM fresh
    ON CONFLICT (link_id) DO UPDATE SET seq = s.seq + excluded.seq
    RETURNING link_id, seq
),
numbered AS (
    SELECT batch.position,
           counted.seq - fresh.n + row_number() OVER (PARTITION BY batch.link_id ORDER BY batch.position) AS link_seq
    FROM batch
    JOIN fresh USING (link_id)
    JOIN counted USING (link_id)
    WHERE batch.link_seq IS NULL
),
kept AS (
    UPDATE outbox SET link_seq = numbered.link_seq
    FROM numbered
    WHERE outbox.position = numbered.position AND outbox.sent_at IS NULL
        -- What the join says already, but so that an index finds them, however many wait.
        AND outbox.position = ANY(ARRAY(SELECT position FROM batch WHERE link_seq IS NULL))
    RETURNING outbox.position, outbox.link_seq
)
SELECT batch.id, position, batch.type, batch.subject, batch.link_id, batch.data, batch.traceparent, batch.created_at,
       coalesce(kept.link_seq, batch.link_seq) AS link_seq
FROM batch
LEFT JOIN kept USING (position)
ORDER BY position;

-- name: mark_sent
-- Does not wait for the disk: a mark that a crash takes away is a fact published again, under the same id.
UPDATE outbox SET sent_at = $2
FROM (SELECT set_config('synchronous_commit', 'off', true)) AS lazily
WHERE position = ANY($1::bigint[]) AND sent_at IS NULL;

-- name: unsend
UPDATE outbox SET sent_at = NULL
WHERE sent_at >= $1 AND ($2::text IS NULL OR type = $2)
  AND ($3::timestamptz IS NULL OR sent_at < $3)
  AND ($4::text IS NULL OR split_part(subject, '.', 4) = $4);

-- name: unsend_lost
-- What was published before the stream was made is not in it: the stream was lost, and is filled again.
UPDATE outbox SET sent_at = NULL
WHERE ctid = ANY(ARRAY(SELECT ctid FROM outbox WHERE sent_at < $1 ORDER BY sent_at LIMIT 5000)) AND sent_at < $1;

-- name: forget_sent
DELETE FROM outbox
WHERE ctid = ANY(ARRAY(SELECT ctid FROM outbox WHERE sent_at < $1 ORDER BY sent_at LIMIT 5000)) AND sent_at < $1;

-- name: count_unsent
-- To 100,000: more says no more, and to count them would take from what is to work them off.
SELECT (SELECT count(*) FROM (SELECT FROM outbox WHERE sent_at IS NULL LIMIT 100000) AS first) AS waiting,
       (SELECT created_at FROM outbox WHERE sent_at IS NULL ORDER BY position LIMIT 1) AS oldest;

-- name: lead
SELECT pg_try_advisory_lock($1);
