-- name: browse_links
-- The count and the page from one look at the matching ids. Whether every use is paid for is asked only where `active`
-- is filtered: it is the one thing that is not on the link's own row.
WITH matching AS MATERIALIZED (
    SELECT id FROM link
    WHERE org_id = $1 AND livemode = $2
      AND ($3::text[] IS NULL OR pricing ->> 'type' = ANY($3))
      AND ($4::text IS NULL OR currency = $4)
      AND ($5::boolean IS NULL OR $5 = (
          ended_at IS NULL AND paused_at IS NULL AND (expires_at IS NULL OR expires_at > $11)
          AND NOT EXISTS (SELECT FROM link_uses WHERE link_id = link.id AND exhausted_at IS NOT NULL)
      ))
      AND ($6::boolean OR expires_at IS NULL OR expires_at > $11)
      AND ($7::text IS NULL OR lower(recipient ->> 'email') = lower($7))
      AND (ended_as IS NULL OR NOT ended_as = ANY($8::text[]))
      AND ($12::uuid IS NULL OR (pricing ->> 'product_id')::uuid = $12)
),
page AS (
    SELECT id FROM matching ORDER BY id DESC LIMIT $9 OFFSET $10
)
SELECT counted.total, link_now.*,
       (SELECT coalesce(json_agg(json_build_object(
                   'revenue', json_build_object('amount_minor', revenue_minor, 'currency', currency),
                   'paid_count', paid_count, 'last_paid_at', last_paid_at
               ) ORDER BY currency), '[]')
        FROM link_revenue
        WHERE link_id = link_now.id) AS earned
FROM (SELECT count(*) AS total FROM matching) AS counted
LEFT JOIN page ON true
LEFT JOIN link_now ON link_now.id = page.id
ORDER BY link_now.id DESC;

-- name: count_charges
SELECT count(*) AS total,
       count(*) FILTER (WHERE status = 'succeeded') AS succeeded,
       count(*) FILTER (WHERE status IN ('created', 'pending')) AS pending,
       count(*) FILTER (WHERE status IN ('failed', 'expired')) AS failed
FROM charge
WHERE link_id = $1;
