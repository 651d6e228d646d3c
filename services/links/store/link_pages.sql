-- name: list_links
-- `= ANY` and the first column of ORDER BY tie the plan to link_listed. Left free, the planner walks the primary key
-- when one organization owns nearly everything, and a small one then waits for a walk past all of its links.
SELECT * FROM link_now
WHERE org_id = $1 AND livemode = ANY(ARRAY[$2::boolean]) AND id < $3
ORDER BY livemode, id DESC
LIMIT $4;

-- name: list_ended_links
SELECT * FROM link_now
WHERE org_id = $1 AND livemode = ANY(ARRAY[$2::boolean]) AND id < $3
  AND ended_as = $6
  AND ($5::text IS NULL OR currency = $5)
ORDER BY livemode, id DESC
LIMIT $4;

-- name: list_links_where
-- Links that are active, or of one currency: most are, so the walk is short. `state` is derived in all of these exactly
-- as `Gate.state` derives it; a test holds them together.
SELECT * FROM link_now
WHERE org_id = $1 AND livemode = ANY(ARRAY[$2::boolean]) AND id < $3
  AND ($5::text IS NULL OR currency = $5)
  AND ($6::text IS NULL OR ended_as IS NULL AND exhausted_at IS NULL AND paused_at IS NULL
       AND (expires_at > $7) IS NOT FALSE AND (starts_at <= $7) IS NOT FALSE)
ORDER BY livemode, id DESC
LIMIT $4;

-- name: list_paused_links
SELECT * FROM link_now
WHERE org_id = $1 AND livemode = ANY(ARRAY[$2::boolean]) AND id < $3
  AND paused_at IS NOT NULL AND ended_as IS NULL
  AND exhausted_at IS NULL AND (expires_at > $6) IS NOT FALSE
  AND ($5::text IS NULL OR currency = $5)
ORDER BY livemode, id DESC
LIMIT $4;

-- name: list_expired_links
SELECT * FROM link_now
WHERE org_id = $1 AND livemode = ANY(ARRAY[$2::boolean]) AND id < $3
  AND expires_at IS NOT NULL AND expires_at <= $6 AND ended_as IS NULL
  AND (exhausted_at IS NULL OR expires_at <= exhausted_at)
  AND ($5::text IS NULL OR currency = $5)
ORDER BY livemode, id DESC
LIMIT $4;

-- name: list_scheduled_links
SELECT * FROM link_now
WHERE org_id = $1 AND livemode = ANY(ARRAY[$2::boolean]) AND id < $3
  AND starts_at IS NOT NULL AND starts_at > $6 AND ended_as IS NULL
  AND exhausted_at IS NULL AND paused_at IS NULL AND (expires_at > $6) IS NOT FALSE
  AND ($5::text IS NULL OR currency = $5)
ORDER BY livemode, id DESC
LIMIT $4;

-- name: list_exhausted_links
-- Walks the used-up counters of the organization and looks up their links; LIMIT keeps them from being joined whole.
SELECT link.*, uses.uses_max, uses.used, uses.held, uses.version AS uses_version, uses.exhausted_at
FROM link_uses AS uses
CROSS JOIN LATERAL (SELECT * FROM link WHERE link.id = uses.link_id LIMIT 1) AS link
WHERE uses.org_id = $1 AND uses.livemode = ANY(ARRAY[$2::boolean]) AND uses.link_id < $3
  AND uses.exhausted_at IS NOT NULL
  AND link.ended_as IS NULL AND (link.expires_at > $6 OR link.expires_at > uses.exhausted_at) IS NOT FALSE
  AND ($5::text IS NULL OR link.currency = $5)
ORDER BY uses.livemode, uses.link_id DESC
LIMIT $4;
