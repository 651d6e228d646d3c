-- name: insert_account
-- Two replicas may open the sandbox's account of one organization at once: the provider gave both the same.
INSERT INTO provider_account (id, org_id, provider, livemode, external_id, credentials, key_id, hints, label, methods,
                              currencies, operators, priority, created_at, updated_at, credentials_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9, $10, $11, $12, $13, $14, $14, $14)
ON CONFLICT (provider, external_id) DO UPDATE SET credentials = excluded.credentials, key_id = excluded.key_id
RETURNING *, hints::text AS hints_text;

-- name: offered_accounts
SELECT *, hints::text AS hints_text FROM provider_account
WHERE org_id = $1 AND livemode = $2 AND disabled_at IS NULL AND deleted_at IS NULL
ORDER BY id;

-- name: find_account_by_external_id
SELECT *, hints::text AS hints_text FROM provider_account
WHERE provider = $1 AND external_id = $2 AND deleted_at IS NULL;

-- name: find_account_by_id
SELECT *, hints::text AS hints_text FROM provider_account WHERE id = $1 AND deleted_at IS NULL;

-- name: mark_used
UPDATE provider_account SET used_at = coalesce(used_at, $2) WHERE id = $1 AND deleted_at IS NULL
RETURNING *, hints::text AS hints_text;

-- name: list_accounts
SELECT *, hints::text AS hints_text FROM provider_account
WHERE org_id = $1 AND livemode = $2 AND deleted_at IS NULL AND ($3::uuid IS NULL OR id < $3)
  AND ($4::text IS NULL OR provider = $4)
ORDER BY id DESC
LIMIT $5;

-- name: lock_account
SELECT *, hints::text AS hints_text FROM provider_account
WHERE org_id = $1 AND livemode = $2 AND id = $3 AND deleted_at IS NULL
FOR UPDATE;

-- name: write_account
UPDATE provider_account
SET label = $2, methods = $3, currencies = $4, operators = $5, priority = $6, disabled_at = $7, deleted_at = $8,
    credentials = $9, key_id = $10, hints = $11::text::jsonb, old_credentials = $12, old_until = $13,
    credentials_at = $14, version = version + 1, updated_at = $15
WHERE id = $1
RETURNING *, hints::text AS hints_text;

-- name: sealed_otherwise
-- Those that an older key seals; locked, so that a rotation that is under way is not undone.
SELECT *, hints::text AS hints_text FROM provider_account
WHERE key_id <> $1 AND deleted_at IS NULL
ORDER BY id
LIMIT $2
FOR UPDATE;

-- name: reseal_account
UPDATE provider_account SET credentials = $2, key_id = $3, old_credentials = $4 WHERE id = $1;
