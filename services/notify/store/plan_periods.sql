-- name: lock_payments
SELECT charge_id, org_id, link_id, address, to_address, locale, timezone, livemode, plan::text AS plan, paid_at,
       refunded_at, disputed_at, won_at
FROM plan_payment
WHERE charge_id = ANY($1::uuid[])
ORDER BY charge_id
FOR UPDATE;

-- name: note_payments
-- In the order of their ids. That it went back may be heard of before the payment.
INSERT INTO plan_payment AS old (charge_id, org_id, link_id, address, to_address, locale, timezone, livemode, plan, paid_at,
                                 refunded_at, disputed_at, won_at)
SELECT charge_id, org_id, link_id, address, to_address, locale, timezone, livemode, plan::jsonb, paid_at, refunded_at,
       disputed_at, won_at
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::boolean[],
            $9::text[], $10::timestamptz[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[])
    AS new (charge_id, org_id, link_id, address, to_address, locale, timezone, livemode, plan, paid_at, refunded_at,
            disputed_at, won_at)
ORDER BY charge_id
ON CONFLICT (charge_id) DO UPDATE
SET link_id = coalesce(old.link_id, excluded.link_id), address = coalesce(old.address, excluded.address),
    to_address = coalesce(old.to_address, excluded.to_address), locale = coalesce(old.locale, excluded.locale),
    timezone = coalesce(old.timezone, excluded.timezone), livemode = coalesce(old.livemode, excluded.livemode),
    plan = coalesce(old.plan, excluded.plan), paid_at = coalesce(old.paid_at, excluded.paid_at),
    refunded_at = coalesce(old.refunded_at, excluded.refunded_at),
    disputed_at = greatest(old.disputed_at, excluded.disputed_at), won_at = greatest(old.won_at, excluded.won_at)
RETURNING charge_id, org_id, link_id, address, to_address, locale, timezone, livemode, plan::text AS plan, paid_at,
          refunded_at, disputed_at, won_at;

-- name: add_buyers
-- Whoever is new has nothing yet: what they have is worked out under the lock of their row.
INSERT INTO plan_buyer (link_id, address, org_id, to_address, locale, livemode, plan_id, charge_id, quit, told_since)
SELECT link_id, address, org_id, to_address, locale, livemode, plan_id, charge_id, false, told_since
FROM unnest($1::uuid[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::boolean[], $7::uuid[], $8::uuid[],
            $9::timestamptz[])
    AS new (link_id, address, org_id, to_address, locale, livemode, plan_id, charge_id, told_since)
ORDER BY link_id, address
ON CONFLICT DO NOTHING;

-- name: lock_buyers
SELECT link_id, address, org_id, to_address, locale, livemode, plan_id, charge_id, starts_at, paid_until, quit,
       lapsed_at, ended_at, told_since
FROM plan_buyer
JOIN unnest($1::uuid[], $2::text[]) AS named (link_id, address) USING (link_id, address)
ORDER BY link_id, address
FOR UPDATE OF plan_buyer;

-- name: payments_of
SELECT charge_id, org_id, link_id, address, to_address, locale, timezone, livemode, plan::text AS plan, paid_at,
       refunded_at, disputed_at, won_at
FROM plan_payment
JOIN unnest($1::uuid[], $2::text[]) AS named (link_id, address) USING (link_id, address);

-- name: write_buyers
UPDATE plan_buyer
SET to_address = new.to_address, locale = new.locale, livemode = new.livemode, plan_id = new.plan_id,
    charge_id = new.charge_id, starts_at = new.starts_at, paid_until = new.paid_until, quit = new.quit,
    lapsed_at = new.lapsed_at, ended_at = new.ended_at, told_since = new.told_since, look_at = new.look_at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::boolean[], $6::uuid[], $7::uuid[], $8::timestamptz[],
            $9::timestamptz[], $10::boolean[], $11::timestamptz[], $12::timestamptz[], $13::timestamptz[],
            $14::timestamptz[])
    AS new (link_id, address, to_address, locale, livemode, plan_id, charge_id, starts_at, paid_until, quit, lapsed_at,
            ended_at, told_since, look_at)
WHERE plan_buyer.link_id = new.link_id AND plan_buyer.address = new.address;

-- name: look_again
-- A link or an organization has changed: its buyers are looked at as they are now. Locked in the order of payments.
WITH theirs AS (
    SELECT link_id, address
    FROM plan_buyer
    WHERE ended_at IS NULL AND (link_id = ANY($1::uuid[]) OR org_id = ANY($2::uuid[]))
    ORDER BY link_id, address
    FOR UPDATE
)
UPDATE plan_buyer
SET look_at = $3
FROM theirs
WHERE plan_buyer.link_id = theirs.link_id AND plan_buyer.address = theirs.address;

-- name: take_looks
SELECT buyer.link_id, buyer.address, buyer.org_id, buyer.to_address, buyer.locale, buyer.livemode, buyer.plan_id,
       buyer.charge_id, buyer.starts_at, buyer.paid_until, buyer.quit, buyer.lapsed_at, buyer.ended_at,
       buyer.told_since, merchant.view::text AS merchant, merchant.reminders::text AS default_reminders,
       CASE WHEN link_mail.reminders IS NULL THEN merchant.reminders_since ELSE link_mail.reminders_since END
           AS reminders_since,
       EXISTS (SELECT FROM unsubscribed
               WHERE unsubscribed.org_id = buyer.org_id AND unsubscribed.address = buyer.address) AS unsubscribed,
       CASE WHEN link_mail.about ->> 'uses_max' IS NULL THEN false
            ELSE (SELECT count(*) FROM plan_payment WHERE plan_payment.link_id = buyer.link_id)
                 >= (link_mail.about ->> 'uses_max')::integer END AS exhausted
FROM plan_buyer AS buyer
LEFT JOIN link_mail ON link_mail.link_id = buyer.link_id
LEFT JOIN merchant ON merchant.org_id = buyer.org_id
WHERE buyer.look_at <= $1
ORDER BY buyer.look_at
LIMIT $2
FOR UPDATE OF buyer SKIP LOCKED;

-- name: find_buyer
SELECT link_id, address, org_id, to_address, locale, livemode, plan_id, charge_id, starts_at, paid_until, quit,
       lapsed_at, ended_at, told_since,
       coalesce((SELECT (SELECT count(*) FROM plan_payment WHERE plan_payment.link_id = $1)
                        >= (about ->> 'uses_max')::integer
                 FROM link_mail WHERE link_mail.link_id = $1), false) AS exhausted
FROM plan_buyer
WHERE link_id = $1 AND address = lower($2);
