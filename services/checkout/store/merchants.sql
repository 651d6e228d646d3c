-- name: put_merchants
-- An older revision never replaces a newer one, in whatever order they come.
INSERT INTO merchant (org_id, revision, view, updated_at)
SELECT org_id, revision, view::jsonb, $4
FROM unnest($1::uuid[], $2::bigint[], $3::text[]) AS new (org_id, revision, view)
ORDER BY org_id
ON CONFLICT (org_id) DO UPDATE
SET revision = excluded.revision, view = excluded.view, updated_at = excluded.updated_at
WHERE merchant.revision < excluded.revision;
