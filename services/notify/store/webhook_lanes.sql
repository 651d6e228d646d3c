-- name: claim
-- A few lanes of each endpoint that has work: as many as it may have in flight, and one of those where nothing arrives;
-- and no more than an organization may have, or one with many slow endpoints would hold up everybody.
-- It goes from endpoint to endpoint by the index, so that a hundred thousand lanes of one cost the others nothing.
WITH RECURSIVE busy AS (
    (SELECT endpoint_id FROM webhook_lane ORDER BY endpoint_id LIMIT 1)
    UNION ALL
    SELECT (SELECT lane.endpoint_id FROM webhook_lane AS lane WHERE lane.endpoint_id > busy.endpoint_id
            ORDER BY lane.endpoint_id LIMIT 1)
    FROM busy
    WHERE busy.endpoint_id IS NOT NULL
),
taken AS (
    SELECT endpoint.id, endpoint.org_id, endpoint.failing_since, random() AS place, (
               SELECT count(*) FROM webhook_lane AS lane
               WHERE lane.endpoint_id = endpoint.id AND lane.lease_token IS NOT NULL AND lane.due_at > $1
           ) AS flying
    FROM busy
    JOIN webhook_endpoint AS endpoint ON endpoint.id = busy.endpoint_id
    WHERE endpoint.disabled_at IS NULL AND endpoint.deleted_at IS NULL
),
wished AS (
    SELECT *, greatest(CASE WHEN failing_since IS NULL THEN $5::integer ELSE 1 END - flying, 0) AS wish FROM taken
),
room AS MATERIALIZED (
    -- What is left of its organization's share, once those before it have taken all that they may.
    SELECT id, least(wish, $6::integer - sum(flying) OVER (PARTITION BY org_id) + wish
                           - sum(wish) OVER (PARTITION BY org_id ORDER BY place)) AS free
    FROM wished
    ORDER BY place
),
picked AS MATERIALIZED (
    SELECT waiting.endpoint_id, waiting.lane
    FROM room
    CROSS JOIN LATERAL (
        SELECT lane.endpoint_id, lane.lane FROM webhook_lane AS lane
        WHERE lane.endpoint_id = room.id AND lane.due_at <= $1
        ORDER BY lane.due_at
        LIMIT greatest(room.free, 0)::bigint
        FOR UPDATE SKIP LOCKED
    ) AS waiting
    LIMIT $2
)
UPDATE webhook_lane SET lease_token = $3, due_at = $4
FROM picked
WHERE webhook_lane.endpoint_id = picked.endpoint_id AND webhook_lane.lane = picked.lane
RETURNING webhook_lane.endpoint_id, webhook_lane.lane;

-- name: heads
-- Asked after the lanes are ours: nobody else settles them now.
SELECT head.id AS delivery_id, endpoint.id AS endpoint_id, lane.lane, endpoint.org_id, head.event_id, head.event_type,
       endpoint.livemode, endpoint.url, endpoint.secret, endpoint.previous_secret, endpoint.previous_until,
       head.payload, head.attempts, head.attempts + head.attempts_before + 1 AS number, head.opened_at
FROM unnest($1::uuid[], $2::uuid[]) AS lane (endpoint_id, lane)
JOIN webhook_endpoint AS endpoint ON endpoint.id = lane.endpoint_id
CROSS JOIN LATERAL (
    SELECT * FROM webhook_delivery AS delivery
    WHERE delivery.endpoint_id = lane.endpoint_id AND delivery.lane = lane.lane AND delivery.state = 'pending'
    ORDER BY delivery.rank, delivery.sequence
    LIMIT 1
) AS head
WHERE endpoint.deleted_at IS NULL;

-- name: renew
-- Waits for nobody, so that it never stands in a circle of waiters: what is locked just now is renewed the next time.
WITH ours AS MATERIALIZED (
    SELECT lane.endpoint_id, lane.lane
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS held (endpoint_id, lane, token)
    JOIN webhook_lane AS lane
      ON lane.endpoint_id = held.endpoint_id AND lane.lane = held.lane AND lane.lease_token = held.token
    FOR UPDATE OF lane SKIP LOCKED
)
UPDATE webhook_lane SET due_at = $4
FROM ours
WHERE webhook_lane.endpoint_id = ours.endpoint_id AND webhook_lane.lane = ours.lane;

-- name: hold
-- Only for whom the lease still is: a sender that was too slow changes nothing.
SELECT true FROM webhook_lane WHERE endpoint_id = $1 AND lane = $2 AND lease_token = $3 FOR UPDATE;

-- name: settle
-- The lane is locked: what waits in it is all there is. It goes on with the next one at once, or with this one later.
WITH settled AS (
    UPDATE webhook_delivery
    SET state = $4, due_at = $5, attempts = attempts + 1, last_status = $6, last_error = $7,
        finished_at = CASE WHEN $4 <> 'pending' THEN $8::timestamptz END
    WHERE id = $1
),
noted AS (
    INSERT INTO webhook_attempt (delivery_id, number, at, duration_ms, request_headers, status, error, response_body)
    VALUES ($1, $9, $10, $11, $12::jsonb, $6, $13, $14)
),
others AS (
    SELECT EXISTS (
        SELECT FROM webhook_delivery WHERE endpoint_id = $2 AND lane = $3 AND state = 'pending' AND id <> $1
    ) AS wait
),
emptied AS (
    DELETE FROM webhook_lane USING others
    WHERE endpoint_id = $2 AND lane = $3 AND $4 <> 'pending' AND NOT others.wait
)
UPDATE webhook_lane SET lease_token = NULL, due_at = CASE WHEN $4 = 'pending' THEN $5 ELSE $8 END
FROM others
WHERE endpoint_id = $2 AND lane = $3 AND ($4 = 'pending' OR others.wait);

-- name: release
WITH ours AS MATERIALIZED (
    SELECT lane.endpoint_id, lane.lane
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[]) AS held (endpoint_id, lane, token)
    JOIN webhook_lane AS lane
      ON lane.endpoint_id = held.endpoint_id AND lane.lane = held.lane AND lane.lease_token = held.token
    FOR UPDATE OF lane SKIP LOCKED
)
UPDATE webhook_lane SET lease_token = NULL, due_at = $4
FROM ours
WHERE webhook_lane.endpoint_id = ours.endpoint_id AND webhook_lane.lane = ours.lane;

-- name: drop_empty
-- Claimed, and nothing waits in it.
DELETE FROM webhook_lane
WHERE endpoint_id = $1 AND lane = $2 AND NOT EXISTS (
    SELECT FROM webhook_delivery AS delivery
    WHERE delivery.endpoint_id = $1 AND delivery.lane = $2 AND delivery.state = 'pending'
);

-- name: lock_closed
-- Lanes of endpoints that were switched off or deleted, and that nobody is sending from.
SELECT lane.endpoint_id, lane.lane
FROM webhook_endpoint AS endpoint
CROSS JOIN LATERAL (
    SELECT * FROM webhook_lane
    WHERE webhook_lane.endpoint_id = endpoint.id AND (lease_token IS NULL OR due_at <= $1)
    LIMIT $2
    FOR UPDATE SKIP LOCKED
) AS lane
WHERE endpoint.disabled_at IS NOT NULL OR endpoint.deleted_at IS NOT NULL
LIMIT $2;

-- name: close
WITH closed AS (
    SELECT * FROM unnest($1::uuid[], $2::uuid[]) AS closed (endpoint_id, lane)
),
failed AS (
    UPDATE webhook_delivery AS d
    SET state = 'failed', last_error = 'the endpoint was switched off', finished_at = $3
    FROM closed
    WHERE d.endpoint_id = closed.endpoint_id AND d.lane = closed.lane AND d.state = 'pending'
)
DELETE FROM webhook_lane USING closed
WHERE webhook_lane.endpoint_id = closed.endpoint_id AND webhook_lane.lane = closed.lane;
