-- What links of other kinds know besides: an internal name, a recipient, a gate, a schedule, a reference of the
-- merchant's own, and whether a coupon may be used.
ALTER TABLE link
    ADD COLUMN internal_name   text,
    ADD COLUMN coupons_allowed boolean NOT NULL DEFAULT false,
    ADD COLUMN recipient       jsonb,
    ADD COLUMN gate_otp        boolean NOT NULL DEFAULT false,
    ADD COLUMN verified_at     timestamptz,
    ADD COLUMN scheduled_at    timestamptz,
    ADD COLUMN reference       text,
    -- `key:<id>`, `member:<id>`, `token:<subject>`; empty for links that were made before this was kept.
    ADD COLUMN created_by      text NOT NULL DEFAULT '';

-- The links of one recipient, and those whose mail is due: few links have either.
CREATE INDEX link_of_recipient ON link (org_id, livemode, lower(recipient ->> 'email'), id DESC)
    WHERE recipient IS NOT NULL;
CREATE INDEX link_scheduled ON link (org_id, livemode, scheduled_at) WHERE scheduled_at IS NOT NULL;

-- The view names its columns when it is made.
DROP VIEW link_now;
CREATE VIEW link_now AS
SELECT link.*, uses.uses_max, uses.used, uses.held, uses.uses_version, uses.exhausted_at
FROM link
CROSS JOIN LATERAL (
    SELECT uses_max, used, held, version AS uses_version, exhausted_at
    FROM link_uses
    WHERE link_id = link.id
    LIMIT 1
) AS uses;
