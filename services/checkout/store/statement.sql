-- name: add_charges
-- Each with the charge of that reference, of whichever day: near midnight theirs is another than ours. A list moves on
-- while it is read, so that an entry may come twice.
INSERT INTO statement_entry (run, about, provider_id, reference, status, amount_minor, currency, fee_minor, fee_currency,
                             created_at, ours)
SELECT $1, 'charge', entry.*, charge.id
FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::bigint[], $9::text[], $10::timestamptz[])
    AS entry (provider_id, reference, status, amount_minor, currency, fee_minor, fee_currency, created_at)
LEFT JOIN charge ON charge.reference = entry.reference AND charge.account_id = $2
ON CONFLICT DO NOTHING;

-- name: add_refunds
INSERT INTO statement_entry (run, about, provider_id, reference, status, amount_minor, currency, fee_minor, fee_currency,
                             created_at, ours)
SELECT $1, 'refund', entry.*, refund.id
FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::bigint[], $9::text[], $10::timestamptz[])
    AS entry (provider_id, reference, status, amount_minor, currency, fee_minor, fee_currency, created_at)
LEFT JOIN refund ON refund.reference = entry.reference AND refund.account_id = $2
ON CONFLICT DO NOTHING;

-- name: match_charges_by_id
-- What has another reference there, or none, may still be ours. $3 and $4: ids of the days that the list is of.
UPDATE statement_entry AS entry SET ours = charge.id
FROM charge
WHERE entry.run = $1 AND entry.about = 'charge' AND entry.ours IS NULL
  AND charge.account_id = $2 AND charge.id >= $3 AND charge.id < $4 AND charge.provider_id = entry.provider_id;

-- name: match_refunds_by_id
UPDATE statement_entry AS entry SET ours = refund.id
FROM refund
WHERE entry.run = $1 AND entry.about = 'refund' AND entry.ours IS NULL
  AND refund.account_id = $2 AND refund.provider_id = entry.provider_id;

-- name: entries_of
-- Of each charge or refund the entry that is its own: by the provider's id where we know it, else what was captured.
-- One by one: nobody has analyzed a table that was empty a moment ago, and a join would go through all of it each time.
SELECT entry.*
FROM unnest($3::uuid[], $4::text[]) AS asked (ours, provider_id)
CROSS JOIN LATERAL (
    SELECT * FROM statement_entry AS entry
    WHERE entry.run = $1 AND entry.about = $2 AND entry.ours = asked.ours
    ORDER BY (entry.provider_id = asked.provider_id) DESC NULLS LAST, (entry.status = 'succeeded') DESC,
             entry.created_at, entry.provider_id
    LIMIT 1
) AS entry;

-- name: stray_charges
-- Entries of the day that no charge is of, and captures that a charge has besides its own. `number`: how many in all.
WITH entry AS (
    SELECT entry.*, charge.reference AS our_reference, charge.status AS our_status, charge.provider_id AS our_provider_id,
           charge.total_minor AS our_minor, charge.currency AS our_currency,
           row_number() OVER (PARTITION BY entry.ours ORDER BY (entry.status = 'succeeded') DESC, entry.created_at, entry.provider_id)
               AS place
    FROM statement_entry AS entry
    LEFT JOIN charge ON charge.id = entry.ours
    WHERE entry.run = $1 AND entry.about = 'charge'
)
SELECT *, count(*) OVER () AS number
FROM entry
WHERE created_at >= $2 AND created_at < $3
  AND CASE WHEN ours IS NULL THEN status IN ('pending', 'succeeded')
           ELSE status = 'succeeded' AND (provider_id <> our_provider_id OR (our_provider_id IS NULL AND place > 1)) END
ORDER BY created_at, provider_id
LIMIT $4;

-- name: stray_refunds
WITH entry AS (
    SELECT entry.*, refund.reference AS our_reference, refund.status AS our_status, refund.provider_id AS our_provider_id,
           refund.amount_minor AS our_minor, refund.currency AS our_currency,
           row_number() OVER (PARTITION BY entry.ours ORDER BY (entry.status = 'succeeded') DESC, entry.created_at, entry.provider_id)
               AS place
    FROM statement_entry AS entry
    LEFT JOIN refund ON refund.id = entry.ours
    WHERE entry.run = $1 AND entry.about = 'refund'
)
SELECT *, count(*) OVER () AS number
FROM entry
WHERE created_at >= $2 AND created_at < $3
  AND CASE WHEN ours IS NULL THEN status IN ('pending', 'succeeded')
           ELSE status <> 'failed' AND (provider_id <> our_provider_id OR (our_provider_id IS NULL AND place > 1)) END
ORDER BY created_at, provider_id
LIMIT $4;

-- name: forget_run
-- With what others left who died over theirs.
DELETE FROM statement_entry WHERE run = $1 OR run < $2;
