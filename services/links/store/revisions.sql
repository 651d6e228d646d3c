-- name: list_replaced
-- What was replaced, in order. A column that is younger than the document is null in it.
SELECT kept.revision AS replaced_revision, kept.change, kept.changed_by, kept.changed_at,
       (kept.document ->> 'uses_max')::bigint AS uses_max, was.*
FROM link_revision AS kept
CROSS JOIN LATERAL jsonb_populate_record(NULL::link, kept.document) AS was
WHERE kept.link_id = ANY(ARRAY[$1::uuid]) AND kept.revision >= $2 AND kept.revision < $3
ORDER BY kept.link_id, kept.revision
LIMIT $4;

-- name: find_replaced_after
-- The link as it was at $2: what the first change after it replaced. Clocks of two changes may be a little apart, so
-- the revision decides, not the time.
SELECT kept.revision AS replaced_revision, kept.change, kept.changed_by, kept.changed_at,
       (kept.document ->> 'uses_max')::bigint AS uses_max, was.*
FROM link_revision AS kept
CROSS JOIN LATERAL jsonb_populate_record(NULL::link, kept.document) AS was
WHERE kept.link_id = $1 AND kept.changed_at > $2
ORDER BY kept.revision
LIMIT 1;

-- name: find_counters_at
-- The link's counters as the last fact by then tells them.
SELECT data -> 'uses' AS uses, at
FROM link_feed
WHERE link_id = ANY(ARRAY[$1::uuid]) AND at <= $2 AND type LIKE 'links.use.%'
ORDER BY link_id, seq DESC
LIMIT 1;
