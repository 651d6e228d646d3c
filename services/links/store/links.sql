-- name: find_link
SELECT * FROM link_now WHERE id = $1 AND org_id = $2 AND livemode = $3;

-- name: find_link_by_id
-- Whoever asks is checkout, which shows every link.
SELECT * FROM link_now WHERE id = $1;

-- name: find_link_by_slug
SELECT * FROM link_now WHERE slug = $1;

-- name: find_link_by_address
-- At a slug that it has given up, too, unless that is another link's now.
SELECT *
FROM link_now
WHERE id = coalesce((SELECT id FROM link WHERE slug = $1), (SELECT link_id FROM former_slug WHERE slug = $1));

-- name: taken_slugs
-- Some link's now, or kept for those who had it: as the triggers of `link` judge.
SELECT wish.slug, wish.org_id, wish.livemode
FROM unnest($1::text[], $2::uuid[], $3::boolean[]) AS wish (slug, org_id, livemode)
WHERE EXISTS (SELECT FROM link WHERE link.slug = wish.slug)
   OR EXISTS (
       SELECT FROM former_slug AS former
       WHERE former.slug = wish.slug AND (former.org_id <> wish.org_id OR (former.livemode AND NOT wish.livemode))
   );

-- name: lock_link
-- The counters are locked with the link, since a change of the cap belongs to both. Holds lock the counters alone.
SELECT link.*, uses.uses_max, uses.used, uses.held, uses.version AS uses_version, uses.exhausted_at
FROM link
JOIN link_uses AS uses ON uses.link_id = link.id
WHERE link.id = $1 AND link.org_id = $2 AND link.livemode = $3
FOR UPDATE;

-- name: update_link
-- The row that is replaced becomes history here, so that no change can do without.
WITH kept AS (
    INSERT INTO link_revision (link_id, revision, document, change, changed_by, changed_at)
    SELECT link.id, link.revision, to_jsonb(link) || jsonb_build_object('uses_max', uses.uses_max), $4, $5, $6
    FROM link
    JOIN link_uses AS uses ON uses.link_id = link.id
    WHERE link.id = $7
),
changed AS (
    UPDATE link
    SET slug = new.slug, title = new.title, description = new.description, private_note = new.private_note,
        pricing = new.pricing, methods = new.methods, providers = new.providers, collect = new.collect,
        success_url = new.success_url, cancel_url = new.cancel_url, branding = new.branding,
        metadata = new.metadata, starts_at = new.starts_at, expires_at = new.expires_at,
        paused_at = new.paused_at, ended_at = new.ended_at, ended_as = new.ended_as,
        late_payment_policy = new.late_payment_policy, internal_name = new.internal_name,
        coupons_allowed = new.coupons_allowed, recipient = new.recipient, gate_otp = new.gate_otp,
        verified_at = new.verified_at, scheduled_at = new.scheduled_at, reminders = new.reminders,
        reference = new.reference, revision = new.revision, updated_at = new.updated_at
    FROM jsonb_populate_record(NULL::link, $1::text::jsonb) AS new
    WHERE link.id = new.id
    RETURNING link.id
)
UPDATE link_uses SET uses_max = $2, exhausted_at = $3
FROM changed
WHERE link_uses.link_id = changed.id AND (uses_max, exhausted_at) IS DISTINCT FROM ($2, $3);

-- name: find_link_with_stats
-- One statement sees one moment: the counters and the money agree.
SELECT link_now.*,
       (SELECT coalesce(json_agg(json_build_object(
                   'revenue', json_build_object('amount_minor', revenue_minor, 'currency', currency),
                   'paid_count', paid_count, 'last_paid_at', last_paid_at
               ) ORDER BY currency), '[]')
        FROM link_revenue
        WHERE link_id = link_now.id) AS earned,
       (SELECT coalesce(json_agg(json_build_object(
                   'total', json_build_object('amount_minor', total_minor, 'currency', currency), 'charges', charges
               ) ORDER BY currency), '[]')
        FROM (
            SELECT currency, count(*) AS charges, sum(total_minor) AS total_minor
            FROM unsettled
            WHERE link_id = link_now.id
            GROUP BY currency
        ) AS aside) AS aside,
       (SELECT coalesce(json_agg(json_build_object(
                   'total', json_build_object('amount_minor', total_minor, 'currency', currency),
                   'of_revenue', json_build_object('amount_minor', of_revenue_minor, 'currency', currency),
                   'refunds', refunds
               ) ORDER BY currency), '[]')
        FROM (
            SELECT refund.currency, count(*) AS refunds, sum(refund.amount_minor) AS total_minor,
                   coalesce(sum(refund.amount_minor) FILTER (WHERE use.session_id IS NOT NULL), 0) AS of_revenue_minor
            FROM refund
            LEFT JOIN use ON use.session_id = refund.session_id AND use.charge_id = refund.charge_id AND use.state = 'settled'
            WHERE refund.link_id = link_now.id AND refund.failed_at IS NULL
            GROUP BY refund.currency
        ) AS back) AS refunded
FROM link_now
WHERE id = $1 AND org_id = $2 AND livemode = $3;
