-- name: project_charges
-- In the order of their ids, so that two batches never wait for each other. What one fact does not say, an earlier
-- one may have said.
INSERT INTO charge AS c (
    id, org_id, livemode, link_id, session_id, version, status, total_minor, currency, method, provider,
    failure_reason, customer, payer_hint, receipt_number, late, created_at, updated_at
)
SELECT id, org_id, livemode, link_id, session_id, version, status, total_minor, currency, method, provider,
       failure_reason, customer::jsonb, payer_hint, receipt_number, late, at, at
FROM unnest(
    $1::uuid[], $2::uuid[], $3::boolean[], $4::uuid[], $5::uuid[], $6::bigint[], $7::text[], $8::bigint[], $9::text[],
    $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::text[], $16::boolean[], $17::timestamptz[]
) AS new (
    id, org_id, livemode, link_id, session_id, version, status, total_minor, currency, method, provider,
    failure_reason, customer, payer_hint, receipt_number, late, at
)
ORDER BY id
ON CONFLICT (id) DO UPDATE
SET version = excluded.version, status = excluded.status, failure_reason = excluded.failure_reason,
    customer = coalesce(excluded.customer, c.customer), payer_hint = coalesce(excluded.payer_hint, c.payer_hint),
    receipt_number = coalesce(excluded.receipt_number, c.receipt_number), late = excluded.late,
    created_at = least(c.created_at, excluded.created_at), updated_at = excluded.updated_at
WHERE c.version < excluded.version;

-- name: list_charges
-- With what became of the money: counted as a use, put aside under a policy, or (null, null) not captured yet.
-- `= ANY`: see list_links.
SELECT charge.*, aside.policy,
       CASE WHEN aside.charge_id IS NOT NULL THEN false WHEN use.session_id IS NOT NULL THEN true END AS settled
FROM charge
LEFT JOIN unsettled AS aside ON aside.charge_id = charge.id
LEFT JOIN use ON use.session_id = charge.session_id AND use.charge_id = charge.id AND use.state = 'settled'
WHERE charge.link_id = ANY(ARRAY[$1::uuid]) AND charge.id < $2 AND ($4::text IS NULL OR charge.status = $4)
ORDER BY charge.link_id, charge.id DESC
LIMIT $3;

-- name: browse_charges
-- As list_charges, by numbered pages.
SELECT charge.*, aside.policy,
       CASE WHEN aside.charge_id IS NOT NULL THEN false WHEN use.session_id IS NOT NULL THEN true END AS settled
FROM charge
LEFT JOIN unsettled AS aside ON aside.charge_id = charge.id
LEFT JOIN use ON use.session_id = charge.session_id AND use.charge_id = charge.id AND use.state = 'settled'
WHERE charge.link_id = ANY(ARRAY[$1::uuid])
ORDER BY charge.link_id, charge.id DESC
LIMIT $2 OFFSET $3;
