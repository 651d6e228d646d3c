-- name: find_dispute
-- Its charge is locked already: nobody else writes it meanwhile.
SELECT * FROM dispute WHERE account_id = $1 AND external_id = $2;

-- name: write_dispute
-- The dispute, the sum on its charge and the lines of the ledger, together. The charge is locked.
WITH written AS (
    INSERT INTO dispute (id, org_id, link_id, session_id, charge_id, livemode, account_id, provider, external_id, amount_minor,
                         currency, status, reason, opened_at, closed_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
    ON CONFLICT ON CONSTRAINT dispute_once DO UPDATE
    SET status = excluded.status, closed_at = excluded.closed_at
),
summed AS (
    UPDATE charge SET disputed_minor = disputed_minor + $16 WHERE id = $5
)
INSERT INTO ledger_entry (transaction_id, line, kind, source_id, org_id, livemode, charge_id, link_id, account, owner_id,
                          amount_minor, currency, created_at)
SELECT entry.*, $17
FROM unnest($18::uuid[], $19::smallint[], $20::text[], $21::uuid[], $22::uuid[], $23::boolean[], $24::uuid[], $25::uuid[],
            $26::text[], $27::uuid[], $28::bigint[], $29::text[])
    AS entry (transaction_id, line, kind, source_id, org_id, livemode, charge_id, link_id, account, owner_id, amount_minor,
              currency)
ON CONFLICT ON CONSTRAINT ledger_once DO NOTHING;

-- name: list_disputes
SELECT * FROM dispute
WHERE org_id = $1 AND livemode = $2 AND id < $3
  AND ($5::uuid IS NULL OR charge_id = $5) AND ($6::text IS NULL OR status = $6)
ORDER BY id DESC
LIMIT $4;
