-- name: accounts_of_day
-- Accounts that have charges of that day; with $4, only those whose report is not finished.
SELECT DISTINCT charge.account_id
FROM charge
WHERE charge.id >= $1 AND charge.id < $2
  AND ($3::uuid IS NULL OR charge.org_id = $3)
  AND (NOT $4 OR NOT EXISTS (SELECT FROM reconciliation AS made
                             WHERE made.account_id = charge.account_id AND made.day = $5 AND made.lease_until IS NULL));

-- name: claim_reconciliation
-- One at a time makes the report of an account and day; whoever dies over it is followed after the lease. With $9 one
-- that is finished stays as it is: two replicas may have found it open at once.
INSERT INTO reconciliation (id, account_id, org_id, livemode, provider, day, lease_until, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (account_id, day) DO UPDATE SET lease_until = excluded.lease_until
WHERE (reconciliation.lease_until IS NULL AND NOT $9::boolean) OR reconciliation.lease_until <= $8
RETURNING id;

-- name: charges_of_day
SELECT id, reference, provider_id, method, status, total_minor, currency, created_at
FROM charge
WHERE id > $1 AND id < $2 AND account_id = $3
ORDER BY id
LIMIT $4;

-- name: extend_lease
UPDATE reconciliation SET lease_until = $2 WHERE id = $1;

-- name: finish_reconciliation
UPDATE reconciliation
SET lease_until = NULL, compared = $2, unanswered = $3, differing = $4, differences = $5::text::jsonb, made_at = $6
WHERE id = $1;

-- name: list_reconciliations
SELECT *, differences::text AS differences_text
FROM reconciliation
WHERE org_id = $1 AND livemode = $2 AND lease_until IS NULL
  AND ($3::uuid IS NULL OR id < $3) AND ($4::date IS NULL OR day = $4) AND ($5::uuid IS NULL OR account_id = $5)
ORDER BY id DESC
LIMIT $6;
