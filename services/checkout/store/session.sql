-- name: open_session
-- The idempotency row (when there is a key), the session and its fact, in one round trip. Nothing is made, and nothing
-- returned, when the key is taken; a request under way with the same key is waited for.
WITH claimed AS (
    INSERT INTO idempotency (scope, route, key, fingerprint, status, body, created_at)
    SELECT $1, $2, $3, $4, 201, $5, $6
    WHERE $3::text IS NOT NULL
    ON CONFLICT DO NOTHING
    RETURNING key
),
made AS (
    INSERT INTO session (id, org_id, link_id, livemode, link, email, name, phone, address, total_minor, currency, discount,
                         locale, status, created_at, updated_at, expires_at)
    SELECT $7, $8, $9, $10, $11::text::jsonb, $12, $13, $14, $15::text::jsonb, $16, $17, $26::text::jsonb,
           $18, 'open', $6, $6, $19
    WHERE $3::text IS NULL OR EXISTS (SELECT FROM claimed)
    RETURNING id
),
told AS (
    INSERT INTO outbox (id, type, subject, link_id, data, traceparent, created_at)
    SELECT $20, $21, $22, $23, $24, $25, $6 FROM made
)
SELECT id FROM made;

-- name: find_answer
SELECT fingerprint, body FROM idempotency WHERE scope = $1 AND route = $2 AND key = $3;

-- name: read_session
-- Most sessions have one charge. Where several succeeded, the one whose money is kept stands for the session. Refunds and
-- disputes are looked for only where something went back, or is with a bank.
SELECT session.id, session.org_id, session.link::text AS link, session.email, session.name, session.phone,
       session.address::text AS address, session.total_minor, session.currency, session.discount::text AS discount,
       session.locale, session.status,
       session.version, session.created_at, session.expires_at, session.paid_at,
       charge.id AS charge_id, charge.link_id, charge.livemode, charge.account_id, charge.provider, charge.method,
       charge.reference, charge.total_minor AS charge_total_minor, charge.currency AS charge_currency,
       charge.status AS charge_status, charge.version AS charge_version, charge.provider_id, charge.failure_reason,
       charge.payer_phone, charge.payer_last4, charge.card_brand, charge.next_action::text AS next_action,
       charge.event_ids, charge.held_until, charge.traceparent, charge.payment_id, charge.created_at AS charge_created_at,
       charge.updated_at AS charge_updated_at, charge.review, charge.refunded_minor, charge.refunding_minor,
       CASE WHEN charge.refunded_minor > 0 THEN (
           SELECT max(refund.updated_at) FROM refund WHERE refund.charge_id = charge.id AND refund.status = 'succeeded'
       ) END AS refunded_at,
       lost.minor AS charged_back_minor, lost.at AS charged_back_at
FROM session
LEFT JOIN LATERAL (
    SELECT * FROM charge
    WHERE charge.session_id = session.id
    ORDER BY charge.status = 'succeeded' DESC,
             charge.review IS DISTINCT FROM 'open'
                 AND charge.refunded_minor + charge.refunding_minor + charge.disputed_minor < charge.total_minor DESC,
             charge.id DESC
    LIMIT 1
) AS charge ON true
LEFT JOIN LATERAL (
    SELECT sum(dispute.amount_minor)::bigint AS minor, max(dispute.closed_at) AS at
    FROM dispute
    WHERE charge.disputed_minor > 0 AND dispute.charge_id = charge.id AND dispute.status = 'lost'
) AS lost ON true
WHERE session.id = $1;

-- name: expire_sessions
WITH due AS (
    SELECT id FROM session WHERE status = 'open' AND expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
UPDATE session
SET status = CASE WHEN EXISTS (SELECT FROM charge WHERE charge.session_id = session.id) THEN 'abandoned' ELSE 'expired' END,
    version = version + 1, updated_at = $1
FROM due
WHERE session.id = due.id
RETURNING session.id, org_id, link_id, total_minor, currency, status, (link->>'livemode')::boolean AS livemode;
