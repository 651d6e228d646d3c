-- name: lock_captured
-- Whoever gives money of a charge back waits here for its turn.
SELECT id, org_id, link_id, session_id, livemode, account_id, provider, provider_id, reference, method, total_minor,
       currency, status, refunded_minor, refunding_minor, disputed_minor, review, review_reason, created_at
FROM charge
WHERE id = $1
FOR UPDATE;

-- name: lock_captured_by_payment
SELECT id, org_id, link_id, session_id, livemode, account_id, provider, provider_id, reference, method, total_minor,
       currency, status, refunded_minor, refunding_minor, disputed_minor, review, review_reason, created_at
FROM charge
WHERE id = (
    -- By one name at a time, so that each is looked up in its own index.
    SELECT id FROM charge WHERE reference = $2 AND account_id = $1 AND status = 'succeeded'
    UNION ALL
    SELECT id FROM charge WHERE account_id = $1 AND provider_id = $3 AND status = 'succeeded' AND $2 IS NULL
    UNION ALL
    SELECT id FROM charge WHERE account_id = $1 AND payment_id = $3 AND status = 'succeeded' AND $2 IS NULL
    LIMIT 1
)
FOR UPDATE;

-- name: knows_payment
-- Captured or not.
SELECT EXISTS (SELECT FROM charge WHERE account_id = $1 AND payment_id = $2);

-- name: name_payment
UPDATE charge SET payment_id = $3 WHERE account_id = $1 AND reference = $2 AND (payment_id IS NULL OR payment_id = $3)
RETURNING id;

-- name: insert_refund
-- The promise to give back, on the charge's row that is locked, and the refund with its reference: before any provider
-- hears of it. A refund by policy is made once.
WITH made AS (
    INSERT INTO refund (id, org_id, link_id, session_id, charge_id, livemode, account_id, provider, reference, amount_minor,
                        currency, status, asked_by, reason, next_attempt_at, absent_after, traceparent, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 'created', $12, $13, $14, $15, $16, $14, $14)
    ON CONFLICT (charge_id) WHERE asked_by = 'policy' DO NOTHING
    RETURNING charge_id
)
UPDATE charge SET refunding_minor = refunding_minor + $10, review = coalesce($17, charge.review)
FROM made
WHERE charge.id = made.charge_id
RETURNING charge.id;

-- name: insert_made_there
-- The provider has it already, so nobody asks for it: the first attempt is behind it. One that is over counts nowhere.
WITH made AS (
    INSERT INTO refund (id, org_id, link_id, session_id, charge_id, livemode, account_id, provider, reference, provider_id,
                        amount_minor, currency, status, asked_by, reason, failure, attempts, next_attempt_at, absent_after,
                        created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'provider', NULL, $14, 1, $16, $15, $15, $15)
    RETURNING charge_id, status
)
UPDATE charge
SET refunding_minor = refunding_minor + CASE WHEN made.status = 'pending' THEN $11 ELSE 0 END,
    review = coalesce($17, charge.review)
FROM made
WHERE charge.id = made.charge_id;

-- name: write_review
UPDATE charge SET review = $2, review_reason = coalesce($3, review_reason) WHERE id = $1;

-- name: claim_due
-- Claiming counts the attempt and moves the next one ahead: it is the lease, and whoever dies with it loses one turn.
WITH due AS (
    SELECT id FROM refund
    WHERE status IN ('created', 'pending') AND next_attempt_at <= $1
    ORDER BY next_attempt_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
UPDATE refund
SET attempts = attempts + 1, next_attempt_at = $1 + make_interval(secs => $3)
FROM due
WHERE refund.id = due.id
RETURNING refund.*;

-- name: read_refund
SELECT * FROM refund WHERE id = $1;

-- name: find_by_word
-- By our reference, or by the provider's id where it names only that.
SELECT id, charge_id FROM refund
WHERE account_id = $1 AND (reference = $2 OR ($2::text IS NULL AND provider_id = $3))
LIMIT 1;

-- name: write_refund
-- The refund, the sums of its charge, the lines of the ledger and the facts, together. One that fails after it had
-- succeeded is taken off again.
WITH before AS (
    SELECT id, status FROM refund WHERE id = $1
),
changed AS (
    UPDATE refund
    SET status = $2, provider_id = $3, failure = $4, next_attempt_at = $5, updated_at = $6
    FROM before
    WHERE refund.id = before.id
    RETURNING refund.charge_id, refund.amount_minor, before.status AS was
),
summed AS (
    UPDATE charge
    SET refunding_minor = charge.refunding_minor
            - CASE WHEN changed.was <> 'succeeded' AND $2 IN ('succeeded', 'failed') THEN changed.amount_minor ELSE 0 END,
        refunded_minor = charge.refunded_minor
            + CASE WHEN $2 = 'succeeded' THEN changed.amount_minor WHEN changed.was = 'succeeded' THEN -changed.amount_minor
                   ELSE 0 END,
        review = coalesce($7, charge.review), review_reason = coalesce($8, charge.review_reason)
    FROM changed
    WHERE charge.id = changed.charge_id
)
INSERT INTO ledger_entry (transaction_id, line, kind, source_id, org_id, livemode, charge_id, link_id, account, owner_id,
                          amount_minor, currency, created_at)
SELECT entry.*, $6
FROM unnest($9::uuid[], $10::smallint[], $11::text[], $12::uuid[], $13::uuid[], $14::boolean[], $15::uuid[], $16::uuid[],
            $17::text[], $18::uuid[], $19::bigint[], $20::text[])
    AS entry (transaction_id, line, kind, source_id, org_id, livemode, charge_id, link_id, account, owner_id, amount_minor,
              currency)
ON CONFLICT ON CONSTRAINT ledger_once DO NOTHING;

-- name: ask_again
UPDATE refund SET next_attempt_at = $2, absent_after = coalesce($3, absent_after) WHERE id = $1 AND status IN ('created', 'pending');

-- name: find_refund
SELECT * FROM refund WHERE id = $1 AND org_id = $2 AND livemode = $3;

-- name: list_refunds
SELECT * FROM refund
WHERE org_id = $1 AND livemode = $2 AND id < $3
  AND ($5::uuid IS NULL OR charge_id = $5) AND ($6::text IS NULL OR status = $6)
ORDER BY id DESC
LIMIT $4;
