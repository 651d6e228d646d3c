-- name: project_accounts
-- An older version never replaces a newer one, in whatever order they come.
INSERT INTO provider_account (account_id, org_id, livemode, provider, version, takes)
SELECT account_id, org_id, livemode, provider, version, takes::jsonb
FROM unnest($1::uuid[], $2::uuid[], $3::boolean[], $4::text[], $5::bigint[], $6::text[])
    AS new (account_id, org_id, livemode, provider, version, takes)
ORDER BY account_id
ON CONFLICT (account_id) DO UPDATE SET version = excluded.version, takes = excluded.takes
WHERE provider_account.version < excluded.version;

-- name: accounts_of
SELECT provider, takes::text AS takes FROM provider_account WHERE org_id = $1 AND livemode = $2 AND takes <> '[]';
