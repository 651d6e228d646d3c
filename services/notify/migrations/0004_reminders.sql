-- Reminders of links that are not paid yet, and mails about charges that took long and came to nothing.
ALTER TABLE link_mail
    ADD COLUMN reminders    jsonb,        -- the link's own; none: its organization's
    ADD COLUMN reached_at   timestamptz,  -- when the link reached its recipient, as far as is known
    ADD COLUMN remind_since timestamptz,  -- what was due by then was said, or is not worth saying any more
    ADD COLUMN look_at      timestamptz;  -- when a reminder may be due; none: as it stands, never again
CREATE INDEX link_mail_look ON link_mail (look_at) WHERE look_at IS NOT NULL;
CREATE INDEX link_mail_org ON link_mail (org_id, link_id) WHERE to_address IS NOT NULL AND paid_at IS NULL;

-- An organization as buyers see it, by its newest fact.
CREATE TABLE merchant (
    org_id    uuid PRIMARY KEY,
    revision  integer NOT NULL,
    view      jsonb NOT NULL,
    reminders jsonb NOT NULL
);

-- Who wants no reminders of an organization any more.
CREATE TABLE unsubscribed (
    org_id  uuid NOT NULL,
    address text NOT NULL,  -- lower-cased
    at      timestamptz NOT NULL,
    PRIMARY KEY (org_id, address)
);

ALTER TABLE mail ADD COLUMN remind_on date;  -- the day of a reminder, where its organization is
ALTER TABLE mail DROP CONSTRAINT mail_kind_check;
ALTER TABLE mail ADD CONSTRAINT mail_kind_check
    CHECK (kind IN ('receipt', 'otp', 'link', 'reminder', 'payment_failed'));

-- At most one a day, however many replicas look.
CREATE UNIQUE INDEX mail_reminder_day ON mail (link_id, lower(to_address), remind_on) WHERE kind = 'reminder';
