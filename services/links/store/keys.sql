-- name: insert_key
INSERT INTO api_key (id, org_id, livemode, name, scopes, secret_sha256, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: find_key
SELECT * FROM api_key WHERE id = $1;

-- name: find_key_of
SELECT * FROM api_key WHERE id = $1 AND org_id = $2 AND livemode = $3;

-- name: lock_key
SELECT * FROM api_key WHERE id = $1 AND org_id = $2 AND livemode = $3 FOR UPDATE;

-- name: list_keys
-- Ids of keys are random: the place in the list is the time of making and then the id.
SELECT * FROM api_key
WHERE org_id = $1 AND livemode = $2
  AND ($3::text IS NULL OR (created_at, id) < (SELECT created_at, id FROM api_key WHERE id = $3 AND org_id = $1))
ORDER BY created_at DESC, id DESC
LIMIT $4;

-- name: revoke_key
UPDATE api_key SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL;

-- name: revoke_keys_named
UPDATE api_key SET revoked_at = $3 WHERE org_id = $1 AND name = $2 AND revoked_at IS NULL;

-- name: succeed_key
UPDATE api_key SET rotated_to = $2, expires_at = $3 WHERE id = $1;

-- name: mark_used
UPDATE api_key SET last_used_at = greatest(api_key.last_used_at, used.at)
FROM unnest($1::text[], $2::timestamptz[]) AS used (id, at)
WHERE api_key.id = used.id;
