-- name: insert_callbacks
INSERT INTO callback (id, org_id, account_id, provider, event_id, headers, body, verdict, received_at, applied_at, asks_for)
SELECT new.id, new.org_id, new.account_id, new.provider, new.event_id, new.headers::jsonb, new.body, new.verdict,
       new.received_at, new.applied_at, new.asks_for
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::bytea[], $8::text[],
            $9::timestamptz[], $10::timestamptz[], $11::text[])
    AS new (id, org_id, account_id, provider, event_id, headers, body, verdict, received_at, applied_at, asks_for);

-- name: insert_refused_callback
WITH told AS (
    INSERT INTO outbox (id, type, subject, link_id, data, traceparent, created_at) VALUES ($10, $11, $12, $13, $14, $15, $9)
)
INSERT INTO callback (id, org_id, account_id, provider, event_id, headers, body, verdict, received_at, applied_at)
VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8, $9, $9);

-- name: take_callbacks
-- `repeated`: the same event was accepted before, however long ago; a charge remembers only its latest.
WITH taken AS (
    -- By itself, or what belongs to all that wait would be looked up each time.
    SELECT id, org_id, account_id, provider, event_id, body, received_at
    FROM callback
    WHERE verdict = 'received' AND asks_for IS NULL AND (retry_at IS NULL OR retry_at <= $1)
    ORDER BY id
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
SELECT taken.id, taken.org_id, taken.account_id, taken.provider, taken.event_id, taken.body, taken.received_at,
       account.external_id,
       EXISTS (SELECT FROM callback AS before
               WHERE before.provider = taken.provider AND before.account_id = taken.account_id
                 AND before.event_id = taken.event_id AND before.verdict = 'accepted') AS repeated
FROM taken
JOIN provider_account AS account ON account.id = taken.account_id
ORDER BY taken.id;

-- name: take_callback
SELECT callback.id, callback.org_id, callback.account_id, callback.provider, callback.event_id, callback.body,
       callback.received_at, account.external_id,
       EXISTS (SELECT FROM callback AS before
               WHERE before.provider = callback.provider AND before.account_id = callback.account_id
                 AND before.event_id = callback.event_id AND before.verdict = 'accepted') AS repeated
FROM callback
JOIN provider_account AS account ON account.id = callback.account_id
WHERE callback.id = $1 AND callback.verdict = 'received'
FOR UPDATE OF callback;

-- name: claim_questions
WITH due AS (
    SELECT id FROM callback
    WHERE verdict = 'received' AND asks_for IS NOT NULL AND (retry_at IS NULL OR retry_at <= $1)
    ORDER BY id
    LIMIT $2
    FOR UPDATE SKIP LOCKED
),
claimed AS (
    UPDATE callback
    SET tries = tries + 1,
        retry_at = $1 + make_interval(secs => ($3::float8[])[least(callback.tries + 1, cardinality($3::float8[]))])
    FROM due
    WHERE callback.id = due.id
    RETURNING callback.*
)
SELECT claimed.id, claimed.account_id, claimed.provider, claimed.tries, claimed.asks_for, charge.id AS charge_id, charge.reference,
       charge.provider_id, charge.method, charge.total_minor, charge.currency, charge.created_at
FROM claimed
LEFT JOIN charge ON charge.reference = claimed.asks_for AND charge.account_id = claimed.account_id;

-- name: ask_whose
-- It names a payment by a name that nobody here knows: its provider is asked whose that is.
UPDATE callback SET asks_for = $2, retry_at = NULL WHERE id = $1;

-- name: whose_is_known
UPDATE callback SET asks_for = NULL, retry_at = NULL WHERE id = $1 AND verdict = 'received';

-- name: put_off
UPDATE callback SET tries = tries + 1, retry_at = $2::timestamptz + make_interval(secs => ($3::float8[])[tries + 1])
WHERE id = $1 AND tries < cardinality($3::float8[])
RETURNING id;

-- name: set_aside
UPDATE callback SET retry_at = $2
WHERE id = (SELECT id FROM callback
            WHERE verdict = 'received' AND asks_for IS NULL AND (retry_at IS NULL OR retry_at <= $1)
            ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id;

-- name: list_callbacks
SELECT callback.id, callback.org_id, callback.provider, callback.account_id, callback.event_id, callback.verdict,
       callback.charge_id, callback.received_at, callback.applied_at, callback.retry_at, callback.tries
FROM callback
JOIN provider_account AS account ON account.id = callback.account_id AND account.livemode = $2
WHERE callback.org_id = $1
  AND ($3::uuid IS NULL OR callback.id < $3)
  AND ($4::text IS NULL OR callback.provider = $4)
  AND ($5::uuid IS NULL OR callback.account_id = $5)
  AND ($6::text IS NULL OR callback.verdict = $6)
  AND ($7::uuid IS NULL OR callback.charge_id = $7)
  AND ($8::timestamptz IS NULL OR callback.received_at >= $8)
  AND ($9::timestamptz IS NULL OR callback.received_at < $9)
ORDER BY callback.id DESC
LIMIT $10;

-- name: list_every_callback
-- For the operator: of every organization, or of one.
SELECT callback.id, callback.org_id, callback.provider, callback.account_id, callback.event_id, callback.verdict,
       callback.charge_id, callback.received_at, callback.applied_at, callback.retry_at, callback.tries
FROM callback
WHERE ($1::text IS NULL OR callback.verdict = $1) AND ($2::text IS NULL OR callback.provider = $2)
ORDER BY callback.id DESC
LIMIT $3;

-- name: show_callback
SELECT callback.id, callback.org_id, callback.provider, callback.account_id, callback.event_id, callback.verdict,
       callback.charge_id, callback.received_at, callback.applied_at, callback.retry_at, callback.tries, callback.headers::text AS headers, callback.body, account.livemode
FROM callback
JOIN provider_account AS account ON account.id = callback.account_id
WHERE callback.id = $1;

-- name: replay_callback
-- What had its effect is left alone: doing it again would change nothing but what is known of it.
UPDATE callback
SET verdict = 'received', event_id = $2, asks_for = $3, retry_at = NULL, tries = 0, applied_at = NULL, charge_id = NULL
WHERE id = $1 AND verdict NOT IN ('accepted', 'duplicate')
RETURNING id;
