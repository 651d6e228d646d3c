-- name: sums
SELECT currency, sum(amount_minor) AS sum, count(*) AS lines FROM ledger_entry GROUP BY currency ORDER BY currency;

-- name: counts
SELECT (SELECT count(*) FROM charge WHERE status = 'succeeded') AS charges,
       (SELECT count(*) FROM refund WHERE status = 'succeeded') AS refunds,
       (SELECT count(*) FROM dispute) AS disputes;

-- name: unbalanced
SELECT transaction_id AS subject, currency, sum(amount_minor) AS sum
FROM ledger_entry
GROUP BY transaction_id, currency
HAVING sum(amount_minor) <> 0;

-- name: posted_twice
SELECT source_id AS subject, kind, count(DISTINCT transaction_id) AS times
FROM ledger_entry
GROUP BY kind, source_id
HAVING count(DISTINCT transaction_id) > 1;

-- name: charges_against_postings
-- What came in by charges, by refunds and by disputes, against what the ledger says of each. One side may be missing.
WITH posted AS (
    SELECT source_id, sum(amount_minor) FILTER (WHERE account = 'provider') AS minor, min(currency) AS currency
    FROM ledger_entry
    WHERE kind = 'charge'
    GROUP BY source_id
)
SELECT coalesce(charge.id, posted.source_id) AS subject, charge.total_minor AS expected, charge.currency,
       posted.minor AS posted, posted.currency AS posted_currency
FROM (SELECT * FROM charge WHERE status = 'succeeded') AS charge
FULL JOIN posted ON posted.source_id = charge.id
WHERE (charge.total_minor, charge.currency) IS DISTINCT FROM (posted.minor, posted.currency);

-- name: refunds_against_postings
-- Of a refund that came back nothing is missing at the provider.
WITH posted AS (
    SELECT source_id, -sum(amount_minor) FILTER (WHERE account = 'provider') AS minor, min(currency) AS currency
    FROM ledger_entry
    WHERE kind IN ('refund', 'refund_failed')
    GROUP BY source_id
    HAVING sum(amount_minor) FILTER (WHERE account = 'provider') <> 0
)
SELECT coalesce(refund.id, posted.source_id) AS subject, refund.amount_minor AS expected, refund.currency,
       posted.minor AS posted, posted.currency AS posted_currency
FROM (SELECT * FROM refund WHERE status = 'succeeded') AS refund
FULL JOIN posted ON posted.source_id = refund.id
WHERE (refund.amount_minor, refund.currency) IS DISTINCT FROM (posted.minor, posted.currency);

-- name: disputes_against_postings
-- Of a dispute that is won nothing is missing at the provider; of any other, its amount is.
WITH posted AS (
    SELECT source_id, -sum(amount_minor) FILTER (WHERE account = 'provider') AS minor, min(currency) AS currency
    FROM ledger_entry
    WHERE kind IN ('dispute', 'dispute_won')
    GROUP BY source_id
),
told AS (
    SELECT id, CASE status WHEN 'won' THEN 0 ELSE amount_minor END AS amount_minor, currency FROM dispute
)
SELECT coalesce(told.id, posted.source_id) AS subject, told.amount_minor AS expected, told.currency,
       posted.minor AS posted, posted.currency AS posted_currency
FROM told
FULL JOIN posted ON posted.source_id = told.id
WHERE (told.amount_minor, told.currency) IS DISTINCT FROM (posted.minor, posted.currency);

-- name: sums_of_charges
-- The sums that a charge bears, against the refunds and disputes that make them.
WITH back AS (
    SELECT charge_id,
           coalesce(sum(amount_minor) FILTER (WHERE status = 'succeeded'), 0) AS refunded,
           coalesce(sum(amount_minor) FILTER (WHERE status IN ('created', 'pending')), 0) AS refunding
    FROM refund
    GROUP BY charge_id
),
taken AS (
    SELECT charge_id, coalesce(sum(amount_minor) FILTER (WHERE status <> 'won'), 0) AS disputed FROM dispute GROUP BY charge_id
)
SELECT charge.id AS subject, refunded_minor, refunding_minor, disputed_minor,
       coalesce(refunded, 0) AS refunded, coalesce(refunding, 0) AS refunding, coalesce(disputed, 0) AS disputed
FROM charge
LEFT JOIN back ON back.charge_id = charge.id
LEFT JOIN taken ON taken.charge_id = charge.id
WHERE (refunded_minor, refunding_minor, disputed_minor)
   <> (coalesce(refunded, 0), coalesce(refunding, 0), coalesce(disputed, 0));

-- name: captured
-- In the order in which links tells of them.
SELECT source_id AS id, link_id, amount_minor, currency
FROM ledger_entry
WHERE kind = 'charge' AND account = 'provider'
ORDER BY source_id;

-- name: refunded
SELECT source_id AS id, link_id, -amount_minor AS amount_minor, currency
FROM ledger_entry AS given
WHERE kind = 'refund' AND account = 'provider'
  AND NOT EXISTS (SELECT FROM ledger_entry AS back WHERE back.kind = 'refund_failed' AND back.source_id = given.source_id)
ORDER BY source_id;

-- name: repair
-- Charges whose capture the ledger does not know: a process of a version without it took them while this one was being
-- rolled out. Nothing that is there is changed.
WITH captured AS (
    SELECT charge.*, gen_random_uuid() AS transaction_id
    FROM charge
    WHERE status = 'succeeded'
      AND NOT EXISTS (SELECT FROM ledger_entry WHERE kind = 'charge' AND source_id = charge.id)
),
posted AS (
    INSERT INTO ledger_entry
    SELECT transaction_id, 1, 'charge', id, org_id, livemode, id, link_id, 'provider', account_id, total_minor, currency, $1::timestamptz
    FROM captured
    UNION ALL
    SELECT transaction_id, 2, 'charge', id, org_id, livemode, id, link_id, 'merchant', org_id, -total_minor, currency, $1::timestamptz
    FROM captured
    ON CONFLICT ON CONSTRAINT ledger_once DO NOTHING
    RETURNING line
)
SELECT count(*) FILTER (WHERE line = 1) FROM posted;
