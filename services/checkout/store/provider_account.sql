-- name: insert_account
-- Two replicas may connect the same organization at once: the provider gave both the same account.
INSERT INTO provider_account (id, org_id, provider, livemode, external_id, credentials, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (org_id, provider, livemode) DO UPDATE SET external_id = excluded.external_id, credentials = excluded.credentials
RETURNING *;

-- name: find_account
SELECT * FROM provider_account WHERE org_id = $1 AND provider = $2 AND livemode = $3;

-- name: find_account_by_external_id
SELECT * FROM provider_account WHERE provider = $1 AND external_id = $2;

-- name: find_account_by_id
SELECT * FROM provider_account WHERE id = $1;
