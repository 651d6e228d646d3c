-- What buyers of plans have paid for: their payments, and what follows from these for each buyer of a link.
CREATE TABLE plan_payment (
    charge_id   uuid PRIMARY KEY,
    org_id      uuid NOT NULL,
    link_id     uuid,         -- none: so far it is only known that it went back
    address     text,         -- lower-cased
    to_address  text,
    locale      text,
    timezone    text,
    livemode    boolean,
    plan        jsonb,        -- as the buyer saw it
    paid_at     timestamptz,
    refunded_at timestamptz,  -- all of it
    disputed_at timestamptz,  -- all of it
    won_at      timestamptz,
    CHECK ((link_id IS NULL) = (address IS NULL) AND (link_id IS NULL) = (plan IS NULL)
           AND (link_id IS NULL) = (paid_at IS NULL))
);
CREATE INDEX plan_payment_buyer ON plan_payment (link_id, address) WHERE link_id IS NOT NULL;

CREATE TABLE plan_buyer (
    link_id    uuid NOT NULL,
    address    text NOT NULL,         -- lower-cased
    org_id     uuid NOT NULL,
    to_address text NOT NULL,
    locale     text NOT NULL,
    livemode   boolean NOT NULL,
    plan_id    uuid NOT NULL,
    charge_id  uuid NOT NULL,         -- the last payment that counts
    starts_at  timestamptz,           -- of the last period
    paid_until timestamptz,           -- none: nothing is paid
    quit       boolean NOT NULL,      -- the newest payment went back: nobody asks them for another
    lapsed_at  timestamptz,           -- it was said that the end has come
    ended_at   timestamptz,           -- nothing more will be said
    told_since timestamptz NOT NULL,  -- what was due by then was said, or is not worth saying any more
    look_at    timestamptz,           -- when something may be due; none: not before something changes
    PRIMARY KEY (link_id, address)
);
CREATE INDEX plan_buyer_look ON plan_buyer (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX plan_buyer_org ON plan_buyer (org_id) WHERE ended_at IS NULL;

-- Reminders that are changed are not for the days that have gone.
ALTER TABLE link_mail ADD COLUMN reminders_since timestamptz;
ALTER TABLE merchant ADD COLUMN reminders_since timestamptz;

ALTER TABLE mail DROP CONSTRAINT mail_kind_check;
ALTER TABLE mail ADD CONSTRAINT mail_kind_check
    CHECK (kind IN ('receipt', 'otp', 'link', 'reminder', 'payment_failed', 'webhook_disabled', 'renewal', 'dunning'));

-- At most one a day of all that ask somebody to pay a link.
DROP INDEX mail_reminder_day;
CREATE UNIQUE INDEX mail_reminder_day ON mail (link_id, lower(to_address), remind_on)
    WHERE kind IN ('reminder', 'renewal', 'dunning');
