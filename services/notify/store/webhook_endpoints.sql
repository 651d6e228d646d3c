-- name: lock_organization
-- One at a time makes endpoints, so that the count is right.
SELECT pg_advisory_xact_lock(hashtextextended('webhook-endpoints ' || $1::uuid::text || $2::boolean::text, 0));

-- name: count_endpoints
SELECT count(*) FROM webhook_endpoint WHERE org_id = $1 AND livemode = $2 AND deleted_at IS NULL;

-- name: add_endpoint
INSERT INTO webhook_endpoint (id, org_id, livemode, url, description, events, secret, disabled_at, disabled_reason,
                              created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
RETURNING id, org_id, livemode, url, description, events, disabled_at, disabled_reason, failing_since, previous_until,
          created_at, updated_at;

-- name: list_endpoints
SELECT id, org_id, livemode, url, description, events, disabled_at, disabled_reason, failing_since, previous_until,
       created_at, updated_at
FROM webhook_endpoint
WHERE org_id = $1 AND livemode = $2 AND deleted_at IS NULL AND ($3::uuid IS NULL OR id < $3)
ORDER BY id DESC
LIMIT $4;

-- name: find_endpoint
SELECT id, org_id, livemode, url, description, events, disabled_at, disabled_reason, failing_since, previous_until,
       created_at, updated_at
FROM webhook_endpoint
WHERE id = $1 AND org_id = $2 AND livemode = $3 AND deleted_at IS NULL;

-- name: change_endpoint
-- Who switches it on again, or sends it elsewhere, starts without a past.
UPDATE webhook_endpoint
SET url = coalesce($4, url), description = CASE WHEN $5 THEN $6 ELSE description END, events = coalesce($7, events),
    disabled_at = CASE WHEN $8::boolean THEN NULL WHEN NOT $8 THEN coalesce(disabled_at, $9) ELSE disabled_at END,
    disabled_reason = CASE WHEN $8 THEN NULL WHEN NOT $8 THEN coalesce(disabled_reason, 'by_hand')
                           ELSE disabled_reason END,
    failing_since = CASE WHEN $8 OR $4 IS NOT NULL THEN NULL ELSE failing_since END,
    failures = CASE WHEN $8 OR $4 IS NOT NULL THEN 0 ELSE failures END,
    updated_at = $9
WHERE id = $1 AND org_id = $2 AND livemode = $3 AND deleted_at IS NULL
RETURNING id, org_id, livemode, url, description, events, disabled_at, disabled_reason, failing_since, previous_until,
          created_at, updated_at;

-- name: rotate_secret
UPDATE webhook_endpoint
SET previous_secret = CASE WHEN $5::timestamptz > $6 THEN secret END,
    previous_until = CASE WHEN $5 > $6 THEN $5 END,
    secret = $4, updated_at = $6
WHERE id = $1 AND org_id = $2 AND livemode = $3 AND deleted_at IS NULL
RETURNING id, org_id, livemode, url, description, events, disabled_at, disabled_reason, failing_since, previous_until,
          created_at, updated_at;

-- name: delete_endpoint
UPDATE webhook_endpoint
SET deleted_at = $4, secret = '', previous_secret = NULL, previous_until = NULL, updated_at = $4
WHERE id = $1 AND org_id = $2 AND livemode = $3 AND deleted_at IS NULL
RETURNING id;

-- name: note_arrival
UPDATE webhook_endpoint SET failing_since = NULL, failures = 0 WHERE id = $1 AND failing_since IS NOT NULL;

-- name: note_failure
-- Of the URL that was asked: one that was put in its place meanwhile has not failed.
UPDATE webhook_endpoint SET failing_since = coalesce(failing_since, $2), failures = failures + 1
WHERE id = $1 AND url = $3
RETURNING failing_since, failures;

-- name: switch_off
UPDATE webhook_endpoint SET disabled_at = $2, disabled_reason = $3, updated_at = $2
WHERE id = $1 AND disabled_at IS NULL AND deleted_at IS NULL
RETURNING description;

-- name: forget_old_secrets
UPDATE webhook_endpoint SET previous_secret = NULL, previous_until = NULL WHERE previous_until <= $1;

-- name: forget_deleted
DELETE FROM webhook_endpoint
WHERE deleted_at < $1 AND NOT EXISTS (SELECT FROM webhook_delivery WHERE webhook_delivery.endpoint_id = webhook_endpoint.id);
