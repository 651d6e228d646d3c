-- name: list_charges
-- Without a lower bound of ids, which ends the walk in `list_charges_since`: with both bounds unknown, a plan for any
-- values would rather walk the charges of all organizations. ($7 is that bound.)
SELECT charge.*, session.email, session.name, session.phone
FROM charge
JOIN session ON session.id = charge.session_id
WHERE charge.org_id = $1 AND charge.livemode = $2 AND charge.id < $3 AND $7::uuid IS NOT NULL
  AND ($5::text IS NULL OR charge.status = $5) AND ($6::text IS NULL OR charge.method = $6)
  AND charge.created_at >= $8 AND charge.created_at < $9
ORDER BY charge.id DESC
LIMIT $4;

-- name: list_charges_since
-- Planned for its values.
SELECT charge.*, session.email, session.name, session.phone
FROM charge
JOIN session ON session.id = charge.session_id
WHERE charge.org_id = $1 AND charge.livemode = $2 AND charge.id < $3 AND charge.id >= $7
  AND ($5::text IS NULL OR charge.status = $5) AND ($6::text IS NULL OR charge.method = $6)
  AND charge.created_at >= $8 AND charge.created_at < $9
ORDER BY charge.id DESC
LIMIT $4;

-- name: list_charges_of_link
-- `= ANY`: else the planner, thinking that a link has most of them, walks all charges of the organization.
SELECT charge.*, session.email, session.name, session.phone
FROM charge
JOIN session ON session.id = charge.session_id
WHERE charge.link_id = ANY(ARRAY[$10::uuid]) AND charge.org_id = $1 AND charge.livemode = $2
  AND charge.id < $3 AND charge.id >= $7
  AND ($5::text IS NULL OR charge.status = $5) AND ($6::text IS NULL OR charge.method = $6)
  AND charge.created_at >= $8 AND charge.created_at < $9 AND (NOT $11::boolean OR charge.review = 'open')
ORDER BY charge.link_id, charge.id DESC
LIMIT $4;

-- name: list_in_review
-- Few are: they have an index of their own.
SELECT charge.*, session.email, session.name, session.phone
FROM charge
JOIN session ON session.id = charge.session_id
WHERE charge.org_id = $1 AND charge.livemode = $2 AND charge.id < $3 AND charge.id >= $7 AND charge.review = 'open'
  AND ($5::text IS NULL OR charge.status = $5) AND ($6::text IS NULL OR charge.method = $6)
  AND charge.created_at >= $8 AND charge.created_at < $9
ORDER BY charge.id DESC
LIMIT $4;

-- name: find_charge
SELECT charge.*, session.email, session.name, session.phone
FROM charge
JOIN session ON session.id = charge.session_id
WHERE charge.id = $1 AND charge.org_id = $2 AND charge.livemode = $3;

-- name: find_contradictions
-- What came too late to be believed, oldest first.
SELECT callback.id, callback.provider, callback.body, callback.received_at, account.external_id
FROM callback
JOIN provider_account AS account ON account.id = callback.account_id
WHERE callback.charge_id = $1 AND callback.verdict = 'out_of_order'
ORDER BY callback.id
LIMIT $2;

-- name: plan_for_values
SET LOCAL plan_cache_mode = force_custom_plan;
