-- What is known of links that are to be mailed, from their facts; and of any link that was paid, since the payment may
-- be heard of before the link. The highest revision wins, whatever order the facts come in.
CREATE TABLE link_mail (
    link_id    uuid PRIMARY KEY,
    org_id     uuid NOT NULL,
    revision   integer NOT NULL,  -- 0: nothing is known but that it was paid
    send_at    timestamptz,       -- none: nobody is to be mailed
    due_at     timestamptz,       -- send_at, or earlier where it was asked for; none once the mail is in the ledger
    to_address text,
    locale     text,
    about      jsonb,             -- what the mail says
    standing   text CHECK (standing IN ('active', 'paused', 'archived', 'revoked', 'deleted')),
    expires_at timestamptz,
    paid_at    timestamptz,
    CHECK (send_at IS NULL OR (to_address IS NOT NULL AND locale IS NOT NULL AND about IS NOT NULL
                               AND standing IS NOT NULL))
);
CREATE INDEX link_mail_due ON link_mail (due_at) WHERE due_at IS NOT NULL;

ALTER TABLE mail
    ADD COLUMN scheduled_at timestamptz,  -- for which time of its link's schedule it is
    ADD COLUMN skip_reason  text;
UPDATE mail SET skip_reason = 'no_address' WHERE state = 'skipped' AND kind = 'receipt';

ALTER TABLE mail DROP CONSTRAINT mail_kind_check;
ALTER TABLE mail ADD CONSTRAINT mail_kind_check CHECK (kind IN ('receipt', 'otp', 'link'));

-- One mail for each time that a link is scheduled for, however many replicas look and whoever asks for it.
CREATE UNIQUE INDEX mail_link_schedule ON mail (link_id, scheduled_at) WHERE kind = 'link';
CREATE INDEX mail_org ON mail (org_id, id DESC);
