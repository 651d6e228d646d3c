-- name: insert_batch
WITH batch AS (
    INSERT INTO link_batch (id, org_id, livemode, created_by, dry_run, total, created_at)
    VALUES ($1, $2, $3, $4, $5, cardinality($7::bytea[]), $6)
    RETURNING id
)
INSERT INTO link_batch_row (batch_id, number, state, body, code, field, rule)
SELECT batch.id, number, CASE WHEN code IS NULL THEN 'pending' ELSE 'failed' END, body, code, field, rule
FROM batch, unnest($7::bytea[], $8::text[], $9::text[], $10::text[]) WITH ORDINALITY AS r (body, code, field, rule, number);

-- name: count_waiting
SELECT count(*) FROM link_batch WHERE org_id = $1 AND livemode = $2 AND finished_at IS NULL;

-- name: find_batch
SELECT link_batch.*, done.*
FROM link_batch
CROSS JOIN LATERAL (
    SELECT count(*) FILTER (WHERE state = 'created') AS created, count(*) FILTER (WHERE state = 'valid') AS valid,
           count(*) FILTER (WHERE state = 'failed') AS failed
    FROM link_batch_row
    WHERE batch_id = link_batch.id
) AS done
WHERE id = $1 AND org_id = $2 AND livemode = $3;

-- name: list_rows
SELECT number, state, link_id, slug, code, field, rule
FROM link_batch_row
WHERE batch_id = $1 AND number > $2 AND ($4::text IS NULL OR state = $4)
ORDER BY number
LIMIT $3;

-- name: take_batch
-- The one that has waited longest since somebody last worked on it, so that a large one holds up nobody.
UPDATE link_batch SET taken_until = $2
WHERE id = (
    SELECT id FROM link_batch
    WHERE finished_at IS NULL AND (taken_until IS NULL OR taken_until <= $1)
    ORDER BY taken_until NULLS FIRST, created_at
    LIMIT 1
    FOR UPDATE SKIP LOCKED
)
RETURNING *, 0 AS created, 0 AS valid, 0 AS failed;

-- name: pending_rows
SELECT number, body FROM link_batch_row
WHERE batch_id = $1 AND state = 'pending'
ORDER BY number
LIMIT $2;

-- name: finish_row
-- Only who finds it still waiting may go on: of two that work on it, one makes the link.
UPDATE link_batch_row
SET state = $3, body = NULL, link_id = $4, slug = $5, code = $6, field = $7, rule = $8
WHERE batch_id = $1 AND number = $2 AND state = 'pending'
RETURNING number;

-- name: promised
SELECT EXISTS (SELECT FROM link_batch_row WHERE batch_id = $1 AND slug = $2 AND state = 'valid');

-- name: put_down
UPDATE link_batch
SET taken_until = $2::timestamptz,
    finished_at = CASE
        WHEN NOT EXISTS (SELECT FROM link_batch_row WHERE batch_id = link_batch.id AND state = 'pending')
        THEN $2::timestamptz
    END
WHERE id = $1 AND finished_at IS NULL;
