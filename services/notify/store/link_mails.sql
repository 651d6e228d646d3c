-- name: note_links
-- In the order of their ids, so that two batches never wait for each other. A schedule that stays as it was keeps
-- whether it was seen to; a new one is due at its own time.
INSERT INTO link_mail AS old
    (link_id, org_id, revision, send_at, due_at, to_address, locale, about, standing, expires_at, paid_at, reminders,
     reached_at, remind_since, reminders_since, look_at)
SELECT link_id, org_id, revision, send_at, send_at, to_address, locale, about::jsonb, standing, expires_at, paid_at,
       reminders::jsonb, reached_at, told_at, told_at,
       CASE WHEN to_address IS NOT NULL THEN $14::timestamptz END
FROM unnest($1::uuid[], $2::uuid[], $3::integer[], $4::timestamptz[], $5::text[], $6::text[], $7::text[], $8::text[],
            $9::timestamptz[], $10::timestamptz[], $11::text[], $12::timestamptz[], $13::timestamptz[])
    AS new (link_id, org_id, revision, send_at, to_address, locale, about, standing, expires_at, paid_at, reminders,
            reached_at, told_at)
ORDER BY link_id
ON CONFLICT (link_id) DO UPDATE
SET org_id = excluded.org_id, revision = excluded.revision, send_at = excluded.send_at,
    due_at = CASE WHEN old.send_at IS NOT DISTINCT FROM excluded.send_at THEN old.due_at ELSE excluded.send_at END,
    to_address = excluded.to_address, locale = excluded.locale, about = excluded.about, standing = excluded.standing,
    expires_at = excluded.expires_at, paid_at = coalesce(old.paid_at, excluded.paid_at),
    reminders = excluded.reminders, reached_at = excluded.reached_at,
    -- Reminders that are asked for later are not for the days that have gone.
    remind_since = CASE
        WHEN (old.to_address, old.expires_at, old.reminders, old.reached_at)
             IS NOT DISTINCT FROM (excluded.to_address, excluded.expires_at, excluded.reminders, excluded.reached_at)
        THEN old.remind_since ELSE greatest(old.remind_since, excluded.remind_since) END,
    reminders_since = CASE WHEN old.reminders IS NOT DISTINCT FROM excluded.reminders THEN old.reminders_since
                      ELSE excluded.reminders_since END,
    look_at = excluded.look_at
WHERE old.revision < excluded.revision;

-- name: note_requests
-- Only for the time that was asked for: a link that was rescheduled meanwhile waits for its new one.
UPDATE link_mail
SET due_at = least(due_at, $3)
FROM unnest($1::uuid[], $2::timestamptz[]) AS asked (link_id, send_at)
WHERE link_mail.link_id = asked.link_id AND link_mail.send_at = asked.send_at AND link_mail.due_at IS NOT NULL;

-- name: note_payments
-- Once a link: a link that thousands pay is not written thousands of times.
INSERT INTO link_mail AS old (link_id, org_id, revision, paid_at)
SELECT paid.link_id, paid.org_id, 0, paid.at
FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[]) AS paid (link_id, org_id, at)
WHERE NOT EXISTS (SELECT FROM link_mail WHERE link_mail.link_id = paid.link_id AND link_mail.paid_at IS NOT NULL)
ORDER BY paid.link_id
ON CONFLICT (link_id) DO UPDATE SET paid_at = excluded.paid_at WHERE old.paid_at IS NULL;

-- name: intend_due
-- From a schedule to the ledger, in one statement: replicas that look at the same time take different rows, and a time
-- that has its mail already gets no other one.
WITH due AS (
    SELECT link_id, org_id, send_at, to_address, locale, about
    FROM link_mail
    WHERE due_at <= $1
    ORDER BY due_at
    LIMIT cardinality($2::uuid[])
    FOR UPDATE SKIP LOCKED
),
seen_to AS (
    UPDATE link_mail SET due_at = NULL FROM due WHERE link_mail.link_id = due.link_id
),
named AS (
    SELECT ($2::uuid[])[row_number() OVER ()] AS id, due.* FROM due
),
intended AS (
    INSERT INTO mail (id, org_id, link_id, kind, to_address, locale, context, message_id, state, due_at, scheduled_at,
                      created_at)
    SELECT id, org_id, link_id, 'link', to_address, locale, about, '<' || id || '@' || $3::text || '>', 'due', $1,
           send_at, $1
    FROM named
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM due;

-- name: find_known
SELECT link_id, org_id, revision, send_at, to_address, locale, about::text AS about, standing, expires_at, paid_at,
       reminders::text AS reminders, reached_at, remind_since AS told_at
FROM link_mail
WHERE link_id = $1;

-- name: find_known_links
SELECT link_id, org_id, revision, send_at, to_address, locale, about::text AS about, standing, expires_at, paid_at,
       reminders::text AS reminders, reached_at, remind_since AS told_at
FROM link_mail
WHERE link_id = ANY($1::uuid[]);
