-- name: captured_without_fee
-- Of these charges, what was captured and has no fee in the ledger yet.
SELECT id, org_id, link_id, session_id, livemode, account_id, provider, provider_id, reference, method, total_minor,
       currency, status, refunded_minor, refunding_minor, disputed_minor, review, review_reason, created_at
FROM charge
WHERE id = ANY($1::uuid[]) AND status = 'succeeded'
  AND NOT EXISTS (SELECT FROM ledger_entry WHERE kind = 'fee' AND source_id = charge.id);

-- name: post_fees
-- Whoever else learns of the same fee this moment posts nothing: there is one for a charge.
INSERT INTO ledger_entry (transaction_id, line, kind, source_id, org_id, livemode, charge_id, link_id, account, owner_id,
                          amount_minor, currency, created_at)
SELECT entry.*, $1
FROM unnest($2::uuid[], $3::smallint[], $4::text[], $5::uuid[], $6::uuid[], $7::boolean[], $8::uuid[], $9::uuid[],
            $10::text[], $11::uuid[], $12::bigint[], $13::text[])
    AS entry (transaction_id, line, kind, source_id, org_id, livemode, charge_id, link_id, account, owner_id, amount_minor,
              currency)
ON CONFLICT ON CONSTRAINT ledger_once DO NOTHING;

-- name: claim_fee_asks
-- Claiming moves the next ask ahead at once: it is the lease, and whoever dies with it loses one turn.
WITH due AS (
    SELECT charge_id FROM fee_ask WHERE next_ask_at <= $1 ORDER BY next_ask_at LIMIT $2 FOR UPDATE SKIP LOCKED
),
claimed AS (
    UPDATE fee_ask
    SET asks = asks + 1,
        next_ask_at = $1 + make_interval(secs => ($3::float8[])[least(asks + 1, cardinality($3::float8[]))])
    FROM due
    WHERE fee_ask.charge_id = due.charge_id
    RETURNING fee_ask.charge_id, fee_ask.asks
)
SELECT claimed.asks, charge.id, charge.account_id, charge.provider, charge.reference, charge.provider_id, charge.method,
       charge.total_minor, charge.currency, charge.created_at
FROM claimed
JOIN charge ON charge.id = claimed.charge_id;

-- name: end_fee_asks
DELETE FROM fee_ask WHERE charge_id = ANY($1::uuid[]);
