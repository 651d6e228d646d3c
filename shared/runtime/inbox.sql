-- name: take_in
INSERT INTO inbox (consumer, event_id)
-- Two replicas may hold overlapping batches after a redelivery: the same order keeps them from a deadlock.
SELECT $1, id FROM unnest($2::uuid[]) AS id ORDER BY id
ON CONFLICT DO NOTHING
RETURNING event_id;

-- name: bury
INSERT INTO dead_letter (consumer, event_id, subject, headers, body, error, deliveries)
VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7)
ON CONFLICT (consumer, event_id) DO UPDATE
SET error = excluded.error, deliveries = excluded.deliveries, died_at = now(), replayed_at = NULL;

-- name: list_dead
-- Errors are cut so that the longest list fits into one message on the bus.
SELECT consumer, event_id, subject, left(error, 300) AS error, deliveries, died_at, replayed_at
FROM dead_letter
WHERE ($1 OR replayed_at IS NULL)
ORDER BY died_at DESC
LIMIT $2;

-- name: show_dead
SELECT consumer, event_id, subject, headers::text AS headers, body, error, deliveries, died_at, replayed_at
FROM dead_letter
WHERE event_id = $1
ORDER BY consumer;

-- name: mark_replayed
UPDATE dead_letter SET replayed_at = now() WHERE consumer = $1 AND event_id = $2;

-- name: forget_inbox
DELETE FROM inbox WHERE ctid = ANY(ARRAY(SELECT ctid FROM inbox WHERE received_at < $1 LIMIT 5000));

-- name: forget_idempotency
DELETE FROM idempotency WHERE ctid = ANY(ARRAY(SELECT ctid FROM idempotency WHERE created_at < $1 LIMIT 5000));
