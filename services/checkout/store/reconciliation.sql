-- name: accounts_of_day
-- Accounts that have charges or refunds of that day, or that were ever used where the provider ($6) tells by itself what
-- it has; with $4, only those whose report was not made since.
WITH account AS (
    SELECT charge.account_id AS id FROM charge
    WHERE charge.id >= $1 AND charge.id < $2 AND ($3::uuid IS NULL OR charge.org_id = $3)
    UNION
    SELECT refund.account_id FROM refund
    WHERE refund.id >= $1 AND refund.id < $2 AND ($3::uuid IS NULL OR refund.org_id = $3)
    UNION
    SELECT provider_account.id FROM provider_account
    WHERE used_at IS NOT NULL AND used_at < $7 AND deleted_at IS NULL AND provider = ANY ($6::text[])
      AND ($3::uuid IS NULL OR org_id = $3)
)
SELECT account.id
FROM account
WHERE $4::timestamptz IS NULL
   OR NOT EXISTS (SELECT FROM reconciliation AS made
                  WHERE made.account_id = account.id AND made.day = $5 AND made.lease_until IS NULL AND made.made_at >= $4);

-- name: claim_reconciliation
-- One at a time makes the report of an account and day; whoever dies over it is followed after the lease. With $9 one
-- that was finished since stays as it is: two replicas may have found it open at once.
INSERT INTO reconciliation (id, account_id, org_id, livemode, provider, day, lease_until, made_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (account_id, day) DO UPDATE SET lease_until = excluded.lease_until
WHERE (reconciliation.lease_until IS NULL AND ($9::timestamptz IS NULL OR reconciliation.made_at < $9)) OR reconciliation.lease_until <= $8
RETURNING id;

-- name: charges_of_day
-- A fee has two lines; the first is what the provider kept.
SELECT charge.id, charge.reference, charge.provider_id, charge.method, charge.status, charge.total_minor, charge.currency,
       charge.created_at, fee.amount_minor AS fee_minor, fee.currency AS fee_currency
FROM charge
LEFT JOIN ledger_entry AS fee ON fee.kind = 'fee' AND fee.source_id = charge.id AND fee.line = 1
WHERE charge.id > $1 AND charge.id < $2 AND charge.account_id = $3
ORDER BY charge.id
LIMIT $4;

-- name: refunds_of_day
SELECT refund.id, refund.reference, refund.provider_id, refund.status, refund.amount_minor, refund.currency,
       charge.reference AS charge_reference, charge.provider_id AS charge_provider_id, charge.method AS charge_method,
       charge.total_minor AS charge_minor, charge.currency AS charge_currency, charge.created_at AS charge_created_at
FROM refund
JOIN charge ON charge.id = refund.charge_id
WHERE refund.id > $1 AND refund.id < $2 AND refund.account_id = $3
ORDER BY refund.id
LIMIT $4;

-- name: extend_lease
UPDATE reconciliation SET lease_until = $2 WHERE id = $1;

-- name: finish_reconciliation
UPDATE reconciliation
SET lease_until = NULL, compared = $2, unanswered = $3, differing = $4, differences = $5::text::jsonb, made_at = $6,
    refunds_compared = $7, listed = $8
WHERE id = $1;

-- name: list_reconciliations
SELECT *, differences::text AS differences_text
FROM reconciliation
WHERE org_id = $1 AND livemode = $2 AND lease_until IS NULL
  AND ($3::uuid IS NULL OR id < $3) AND ($4::date IS NULL OR day = $4) AND ($5::uuid IS NULL OR account_id = $5)
ORDER BY id DESC
LIMIT $6;
