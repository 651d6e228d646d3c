-- name: intend
-- One mail a kind and charge (a code's has the id of its fact), however often the fact comes. The facts about those that are skipped commit with them.
WITH intended AS (
    INSERT INTO mail (id, org_id, link_id, charge_id, kind, to_address, locale, context, message_id, state, due_at,
                      traceparent, skip_reason, created_at)
    SELECT i.id, i.org_id, i.link_id, i.charge_id, i.kind, i.to_address, i.locale, i.context::jsonb, i.message_id,
           i.state, $13, i.traceparent, i.skip_reason, $13
    FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[],
                $9::text[], $10::text[], $11::text[], $12::text[])
        AS i (id, org_id, link_id, charge_id, kind, to_address, locale, context, message_id, state, traceparent,
              skip_reason)
    ON CONFLICT DO NOTHING
    RETURNING id
)
INSERT INTO outbox (id, type, subject, link_id, data, traceparent, created_at)
SELECT f.id, f.type, f.subject, f.link_id, f.data, f.traceparent, f.created_at
FROM unnest($14::uuid[], $15::uuid[], $16::text[], $17::text[], $18::uuid[], $19::bytea[], $20::text[],
            $21::timestamptz[])
    AS f (mail_id, id, type, subject, link_id, data, traceparent, created_at)
JOIN intended ON intended.id = f.mail_id;

-- name: claim
-- What is due, and what somebody took and did not bring back while the lease ran.
WITH picked AS (
    SELECT id
    FROM mail
    WHERE state IN ('due', 'sending') AND due_at <= $1
    ORDER BY due_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
UPDATE mail
SET state = 'sending', lease_token = $3, due_at = $4
FROM picked
WHERE mail.id = picked.id
RETURNING mail.id, mail.org_id, mail.link_id, mail.charge_id, mail.kind, mail.to_address, mail.locale,
          mail.context::text AS context, mail.message_id, mail.attempts, mail.traceparent, mail.created_at,
          EXISTS (SELECT FROM suppression
                  WHERE suppression.org_id = mail.org_id AND address = lower(mail.to_address)) AS suppressed;

-- name: renew
UPDATE mail SET due_at = $3 WHERE id = ANY($2::uuid[]) AND lease_token = $1 AND state = 'sending';

-- name: settle
-- Only for whom the lease still is: a sender that was too slow changes nothing, and its facts are not told. A code
-- whose mail will not be written again is erased with it, and an address that does not exist is remembered with it.
WITH settled AS (
    UPDATE mail
    SET state = t.state, due_at = t.due_at, attempts = mail.attempts + t.attempts,
        last_error = CASE t.state WHEN 'skipped' THEN NULL WHEN 'due' THEN coalesce(t.error, mail.last_error)
                     ELSE t.error END,
        skip_reason = CASE WHEN t.state = 'skipped' THEN t.error END,
        sent_at = CASE WHEN t.state = 'sent' THEN $7::timestamptz END, lease_token = NULL
    FROM unnest($2::uuid[], $3::text[], $4::timestamptz[], $5::integer[], $6::text[], $16::uuid[])
        AS t (id, state, due_at, attempts, error, suppression_id)
    WHERE mail.id = t.id AND mail.lease_token = $1 AND mail.state = 'sending'
    RETURNING mail.id, mail.state, mail.org_id, mail.to_address, t.error, t.suppression_id
),
suppressed AS (
    INSERT INTO suppression (id, org_id, address, answer, mail_id, created_at)
    SELECT suppression_id, org_id, lower(to_address), error, id, $7 FROM settled WHERE suppression_id IS NOT NULL
    ON CONFLICT DO NOTHING
),
erased AS (
    UPDATE otp_challenge SET sealed_code = NULL FROM settled
    WHERE otp_challenge.id = settled.id AND settled.state <> 'due'
)
INSERT INTO outbox (id, type, subject, link_id, data, traceparent, created_at)
SELECT f.id, f.type, f.subject, f.link_id, f.data, f.traceparent, f.created_at
FROM unnest($8::uuid[], $9::uuid[], $10::text[], $11::text[], $12::uuid[], $13::bytea[], $14::text[],
            $15::timestamptz[])
    AS f (mail_id, id, type, subject, link_id, data, traceparent, created_at)
JOIN settled ON settled.id = f.mail_id;

-- name: has_receipt
SELECT EXISTS (
    SELECT FROM mail
    WHERE link_id = $1 AND kind = 'receipt' AND lower(to_address) = lower($2) AND created_at >= $3
);

-- name: list_mails
SELECT id, org_id, link_id, charge_id, kind, to_address, locale, state, attempts, due_at, message_id, last_error,
       created_at, sent_at, scheduled_at, skip_reason, resend_of, livemode
FROM mail
WHERE ($1::uuid IS NULL OR charge_id = $1) AND ($2::uuid IS NULL OR link_id = $2) AND ($3::text IS NULL OR state = $3)
  AND ($5::uuid IS NULL OR org_id = $5) AND ($6::text IS NULL OR kind = $6)
  AND ($7::uuid IS NULL OR id < $7) AND ($8::text IS NULL OR lower(to_address) = $8)
  AND ($9::boolean IS NULL OR livemode = $9)
ORDER BY id DESC
LIMIT $4;

-- name: find_mail
SELECT id, org_id, link_id, charge_id, kind, to_address, locale, state, attempts, due_at, message_id, last_error,
       created_at, sent_at, scheduled_at, skip_reason, resend_of, livemode
FROM mail
WHERE id = $1 AND org_id = $2 AND livemode = $3;

-- name: lock_original
-- The first of those that repeat each other, and how many do.
SELECT original.id, (SELECT count(*) FROM mail AS again WHERE again.resend_of = original.id) AS resends
FROM mail
JOIN mail AS original ON original.id = coalesce(mail.resend_of, mail.id)
WHERE mail.id = $1
FOR UPDATE OF original;

-- name: resend
-- With an id of its own: to a mail app the same Message-ID is the same mail.
INSERT INTO mail (id, org_id, link_id, charge_id, kind, to_address, locale, context, message_id, state, due_at,
                  scheduled_at, created_at, resend_of)
SELECT $2::uuid, org_id, link_id, charge_id, kind, to_address, locale, context, '<' || $2::uuid || '@' || $3::text || '>', 'due',
       $4, scheduled_at, $4, id
FROM mail
WHERE id = $1
RETURNING id, org_id, link_id, charge_id, kind, to_address, locale, state, attempts, due_at, message_id, last_error,
          created_at, sent_at, scheduled_at, skip_reason, resend_of, livemode;
