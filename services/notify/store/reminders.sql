-- name: note_merchants
-- In the order of their ids. What is known already is not locked.
INSERT INTO merchant AS old (org_id, revision, view, reminders, reminders_since)
SELECT org_id, revision, view::jsonb, reminders::jsonb, told_at
FROM unnest($1::uuid[], $2::integer[], $3::text[], $4::text[], $5::timestamptz[])
    AS new (org_id, revision, view, reminders, told_at)
WHERE NOT EXISTS (SELECT FROM merchant WHERE merchant.org_id = new.org_id AND merchant.revision >= new.revision)
ORDER BY org_id
ON CONFLICT (org_id) DO UPDATE
SET revision = excluded.revision, view = excluded.view, reminders = excluded.reminders,
    reminders_since = CASE WHEN old.reminders = excluded.reminders THEN old.reminders_since
                      ELSE excluded.reminders_since END
WHERE old.revision < excluded.revision;

-- name: look_again
-- An organization has changed its reminders: those of its links that have none of their own are others now, but not
-- for the days that have gone.
WITH its AS (
    SELECT link_id, told.at
    FROM unnest($1::uuid[], $2::timestamptz[]) AS told (org_id, at)
    JOIN link_mail USING (org_id)
    WHERE to_address IS NOT NULL AND paid_at IS NULL AND standing IN ('active', 'paused')
    ORDER BY link_id
    FOR UPDATE OF link_mail
)
UPDATE link_mail
SET look_at = $3, remind_since = CASE WHEN reminders IS NULL THEN greatest(remind_since, its.at) ELSE remind_since END
FROM its
WHERE link_mail.link_id = its.link_id;

-- name: take_looks
SELECT link_id, org_id, link_mail.revision, send_at, to_address, locale, about::text AS about, standing, expires_at, paid_at,
       link_mail.reminders::text AS reminders, reached_at, remind_since AS told_at,
       merchant.view::text AS merchant, merchant.reminders::text AS default_reminders,
       EXISTS (SELECT FROM unsubscribed
               WHERE unsubscribed.org_id = link_mail.org_id AND address = lower(to_address)) AS unsubscribed
FROM link_mail
LEFT JOIN merchant USING (org_id)
WHERE look_at <= $1
ORDER BY look_at
LIMIT $2
FOR UPDATE OF link_mail SKIP LOCKED;

-- name: note_looks
UPDATE link_mail
SET look_at = t.next_at, remind_since = greatest(remind_since, $3)
FROM unnest($1::uuid[], $2::timestamptz[]) AS t (link_id, next_at)
WHERE link_mail.link_id = t.link_id;

-- name: intend_reminders
-- At most one a day for each link and address, of whatever kind: a second one finds the day taken.
INSERT INTO mail (id, org_id, link_id, kind, to_address, locale, context, message_id, state, due_at, remind_on,
                  created_at)
SELECT id, org_id, link_id, kind, to_address, locale, context::jsonb, '<' || id || '@' || $10::text || '>', 'due',
       due_at, remind_on, $11
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::timestamptz[], $8::date[],
            $9::text[])
    AS t (id, org_id, link_id, to_address, locale, context, due_at, remind_on, kind)
ON CONFLICT DO NOTHING;

-- name: find_reminded
-- What became of the other reminders of this link to this address, and whether they want none any more.
SELECT (SELECT max(sent_at) FROM mail
        WHERE kind IN ('reminder', 'renewal', 'dunning') AND link_id = $2 AND lower(to_address) = lower($3)) AS sent_at,
       EXISTS (SELECT FROM mail
               WHERE kind IN ('reminder', 'renewal', 'dunning') AND link_id = $2 AND lower(to_address) = lower($3)
                 AND remind_on > own.remind_on AND state IN ('due', 'sending', 'sent')) AS is_newer,
       EXISTS (SELECT FROM mail
               WHERE kind IN ('reminder', 'renewal', 'dunning') AND link_id = $2 AND lower(to_address) = lower($3)
                 AND remind_on < own.remind_on AND state = 'sending') AS is_sending,
       EXISTS (SELECT FROM unsubscribed WHERE org_id = $1 AND address = lower($3)) AS unsubscribed
FROM mail AS own
WHERE own.id = $4;

-- name: find_subscriber
SELECT mail.org_id, lower(mail.to_address) AS address, mail.locale, mail.context ->> 'merchant_name' AS merchant_name,
       mail.context ->> 'color' AS color, (mail.context ->> 'livemode')::boolean AS livemode,
       unsubscribed.at IS NOT NULL AS unsubscribed
FROM mail
LEFT JOIN unsubscribed ON unsubscribed.org_id = mail.org_id AND unsubscribed.address = lower(mail.to_address)
WHERE mail.id = $1 AND mail.kind IN ('reminder', 'renewal', 'dunning');

-- name: unsubscribe
INSERT INTO unsubscribed (org_id, address, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: find_merchant
SELECT view::text FROM merchant WHERE org_id = $1;
