-- name: put_links
-- An older revision never replaces a newer one, in whatever order they come.
INSERT INTO link_view (link_id, org_id, slug, revision, view, updated_at)
SELECT link_id, org_id, slug, revision, view::jsonb, $6
FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::bigint[], $5::text[]) AS new (link_id, org_id, slug, revision, view)
ORDER BY link_id
ON CONFLICT (link_id) DO UPDATE
SET slug = excluded.slug, revision = excluded.revision, view = excluded.view, updated_at = excluded.updated_at
WHERE link_view.revision < excluded.revision;

-- name: put_uses
INSERT INTO link_uses (link_id, used, held, version, exhausted_at)
SELECT *
FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::timestamptz[])
    AS new (link_id, used, held, version, exhausted_at)
ORDER BY link_id
ON CONFLICT (link_id) DO UPDATE
SET used = excluded.used, held = excluded.held, version = excluded.version,
    exhausted_at = CASE WHEN excluded.exhausted_at IS NULL THEN NULL
                        ELSE coalesce(link_uses.exhausted_at, excluded.exhausted_at) END
WHERE link_uses.version < excluded.version;

-- name: find_link
-- A slug that moved from one link to another may stand twice for a moment: the link that takes payments wins.
-- Its merchant is looked up with it: when an organization changes, one row is written, and not one for every link.
SELECT link_view.view::text AS view, link_uses.used, link_uses.held, link_uses.version, link_uses.exhausted_at,
       merchant.revision AS merchant_revision, merchant.view::text AS merchant
FROM link_view
LEFT JOIN link_uses USING (link_id)
LEFT JOIN merchant ON merchant.org_id = link_view.org_id
WHERE link_view.slug = $1
ORDER BY (link_view.view ->> 'ended_at') IS NULL DESC, link_view.link_id DESC
LIMIT 1;

-- name: find_link_by_id
SELECT link_view.view::text AS view, link_uses.used, link_uses.held, link_uses.version, link_uses.exhausted_at,
       merchant.revision AS merchant_revision, merchant.view::text AS merchant
FROM link_view
LEFT JOIN link_uses USING (link_id)
LEFT JOIN merchant ON merchant.org_id = link_view.org_id
WHERE link_view.link_id = $1;
