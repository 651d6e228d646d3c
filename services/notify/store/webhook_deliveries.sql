-- name: wanted_by
-- Which endpoints want which of these events. Those that were made later do not get what was before them, but a clock
-- of another machine may be a little behind ours.
SELECT event.position, endpoint.id AS endpoint_id
FROM unnest($1::integer[], $2::uuid[], $3::boolean[], $4::text[], $5::timestamptz[])
    AS event (position, org_id, livemode, type, at)
JOIN webhook_endpoint AS endpoint USING (org_id, livemode)
WHERE endpoint.deleted_at IS NULL AND endpoint.disabled_at IS NULL AND endpoint.created_at <= event.at + interval '5 seconds'
  AND endpoint.events && ARRAY['*', split_part(event.type, '.', 1) || '.*', event.type];

-- name: open_lanes
-- Locks them as well, in the order of their ids: until this transaction ends nobody finds them empty and deletes them.
INSERT INTO webhook_lane (endpoint_id, lane, due_at)
SELECT DISTINCT endpoint_id, lane, $3::timestamptz
FROM unnest($1::uuid[], $2::uuid[]) AS new (endpoint_id, lane)
ORDER BY endpoint_id, lane
ON CONFLICT (endpoint_id, lane) DO UPDATE SET due_at = webhook_lane.due_at;

-- name: add_deliveries
-- Ranks rise as events come. One that was overtaken on its way to us goes before those that overtook it, as long as
-- they wait: ties are decided by the sequence.
INSERT INTO webhook_delivery (id, endpoint_id, event_id, event_type, owner, link_id, lane, rank, sequence, payload,
                              state, opened_at, due_at, created_at)
SELECT new.id, new.endpoint_id, new.event_id, new.event_type, new.owner, new.link_id, new.lane,
       coalesce((
           SELECT min(later.rank) FROM webhook_delivery AS later
           WHERE later.endpoint_id = new.endpoint_id AND later.lane = new.lane AND later.state = 'pending'
             AND later.owner = new.owner AND later.sequence > new.sequence
       ), nextval('webhook_rank')),
       new.sequence, new.payload, 'pending', $10, $10, $10
FROM (
    SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::uuid[],
                         $8::bigint[], $9::bytea[]) WITH ORDINALITY
        AS given (id, endpoint_id, event_id, event_type, owner, link_id, lane, sequence, payload, ordinal)
    ORDER BY ordinal
) AS new
ON CONFLICT (endpoint_id, event_id) DO NOTHING;

-- name: list_deliveries
SELECT id, endpoint_id, event_id, event_type, link_id, state, attempts + attempts_before AS attempts, last_status,
       last_error, CASE WHEN state = 'pending' THEN due_at END AS next_attempt_at, created_at, finished_at
FROM webhook_delivery
WHERE endpoint_id = $1 AND ($2::uuid IS NULL OR id < $2) AND ($3::text IS NULL OR state = $3)
  AND ($4::text IS NULL OR event_type = $4) AND ($5::uuid IS NULL OR link_id = $5)
ORDER BY id DESC
LIMIT $6;

-- name: read_delivery
SELECT id, endpoint_id, event_id, event_type, link_id, state, attempts + attempts_before AS attempts, last_status,
       last_error, CASE WHEN state = 'pending' THEN due_at END AS next_attempt_at, created_at, finished_at
FROM webhook_delivery
WHERE id = $1;

-- name: find_delivery
SELECT d.id, d.endpoint_id, d.event_id, d.event_type, d.link_id, d.state, d.attempts + d.attempts_before AS attempts,
       d.last_status, d.last_error, CASE WHEN d.state = 'pending' THEN d.due_at END AS next_attempt_at, d.created_at,
       d.finished_at, d.payload, endpoint.url
FROM webhook_delivery AS d
JOIN webhook_endpoint AS endpoint ON endpoint.id = d.endpoint_id
WHERE d.id = $1 AND endpoint.org_id = $2 AND endpoint.livemode = $3 AND endpoint.deleted_at IS NULL;

-- name: lane_of
SELECT d.id, d.endpoint_id, d.lane
FROM webhook_delivery AS d
JOIN webhook_endpoint AS endpoint ON endpoint.id = d.endpoint_id
WHERE d.id = $1 AND endpoint.org_id = $2 AND endpoint.livemode = $3 AND endpoint.deleted_at IS NULL;

-- name: list_attempts
SELECT number, at, duration_ms, request_headers::text AS request_headers, status, error, response_body
FROM webhook_attempt
WHERE delivery_id = $1
ORDER BY number DESC
LIMIT $2;

-- name: to_redeliver
-- The oldest first, in the order in which they were told. Those that wait are left alone: they are sent anyway.
SELECT id, endpoint_id, lane
FROM webhook_delivery
WHERE endpoint_id = $1 AND created_at >= $2 AND created_at < $3 AND (state = 'failed' OR state = 'delivered' AND NOT $4)
  AND ($5::uuid IS NULL OR id > $5)
ORDER BY id
LIMIT $6;

-- name: reopen
-- They go behind what waits for the same link, in the order that they had among themselves.
WITH chosen AS MATERIALIZED (
    SELECT id FROM webhook_delivery WHERE id = ANY($1::uuid[]) AND state <> 'pending' ORDER BY rank, sequence FOR UPDATE
),
ranked AS MATERIALIZED (
    SELECT id, nextval('webhook_rank') AS rank FROM chosen
)
UPDATE webhook_delivery AS d
SET state = 'pending', rank = ranked.rank, attempts_before = d.attempts_before + d.attempts, attempts = 0,
    opened_at = $2, due_at = $2, finished_at = NULL
FROM ranked
WHERE d.id = ranked.id;

-- name: hasten
-- One that waits for its next attempt gets it now. Its lane is locked.
WITH hastened AS (
    UPDATE webhook_delivery SET due_at = least(due_at, $2) WHERE id = $1 AND state = 'pending'
    RETURNING endpoint_id, lane
)
UPDATE webhook_lane SET due_at = least(due_at, $2) FROM hastened
WHERE webhook_lane.endpoint_id = hastened.endpoint_id AND webhook_lane.lane = hastened.lane AND lease_token IS NULL;

-- name: forget_deliveries
DELETE FROM webhook_delivery
WHERE ctid = ANY(ARRAY(SELECT ctid FROM webhook_delivery WHERE created_at < $1 AND state <> 'pending' LIMIT 1000));
