-- name: claim
-- A second request with the same key waits here until the first one has committed or failed.
INSERT INTO idempotency (scope, route, key, fingerprint, status, body, created_at)
VALUES ($1, $2, $3, $4, 0, '', $5)
ON CONFLICT DO NOTHING
RETURNING key;

-- name: keep
UPDATE idempotency SET status = $4, body = $5 WHERE scope = $1 AND route = $2 AND key = $3;

-- name: find
SELECT fingerprint, status, body FROM idempotency WHERE scope = $1 AND route = $2 AND key = $3;
