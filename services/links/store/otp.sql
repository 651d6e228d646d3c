-- name: lock_names
-- Two requests for one address wait for each other, or both would find room. In the order of the rules, which is by
-- kind: so none waits for ever, and how long an address queues does not depend on how it hashes.
SELECT pg_advisory_xact_lock(key)
FROM (
    SELECT hashtextextended(encode(name, 'hex'), 7310291) AS key
    FROM unnest($1::bytea[]) WITH ORDINALITY AS asked (name, place)
    GROUP BY name
    ORDER BY min(place)
) AS keys;

-- name: find_oldest
-- For each rule the ask that fills it up: the `count_max`-th newest of its time, if there are so many.
SELECT filled.asked_at
FROM unnest($1::bytea[], $2::integer[], $3::timestamptz[]) WITH ORDINALITY AS rule (name, count_max, since, place)
LEFT JOIN LATERAL (
    SELECT asked_at FROM otp_ask
    WHERE otp_ask.name = rule.name AND asked_at > rule.since
    ORDER BY asked_at DESC
    OFFSET rule.count_max - 1 LIMIT 1
) AS filled ON true
ORDER BY rule.place;

-- name: note_asks
INSERT INTO otp_ask (name, asked_at) SELECT DISTINCT name, $2::timestamptz FROM unnest($1::bytea[]) AS name;

-- name: forget_asks
DELETE FROM otp_ask WHERE asked_at <= $1;

-- name: find_gated_link
-- Whether this link waits for this address.
SELECT link.org_id, link.livemode, organization.name, organization.locale, organization.support_email,
       organization.color, coalesce(lower(link.recipient ->> 'email') = $2, false) AS known
FROM link
JOIN organization ON organization.id = link.org_id
WHERE link.id = $1 AND link.gate_otp AND link.ended_at IS NULL AND (link.expires_at IS NULL OR link.expires_at > $3);

-- name: find_gated_address
-- Whether any link waits for this address, and whose it is.
SELECT link.org_id, link.livemode, organization.name, organization.locale, organization.support_email,
       organization.color, true AS known
FROM link
JOIN organization ON organization.id = link.org_id
WHERE lower(link.recipient ->> 'email') = $1 AND link.gate_otp AND link.ended_at IS NULL
  AND (link.expires_at IS NULL OR link.expires_at > $2)
  AND ($3::uuid IS NULL OR link.org_id = $3)
ORDER BY link.id DESC
LIMIT 1;
