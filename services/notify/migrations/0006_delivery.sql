-- Addresses that no mail goes to any more, mails that are sent again, and the lists that merchants read.
CREATE TABLE suppression (
    id         uuid PRIMARY KEY,
    org_id     uuid NOT NULL,
    address    text NOT NULL,  -- lower-cased
    answer     text NOT NULL,  -- what the mail server said
    mail_id    uuid NOT NULL,  -- of which it said that
    created_at timestamptz NOT NULL,
    UNIQUE (org_id, address)
);
CREATE INDEX suppression_org ON suppression (org_id, id DESC);

ALTER TABLE mail
    ADD COLUMN resend_of uuid REFERENCES mail (id),  -- it was sent before, and somebody asked for it again
    ADD COLUMN livemode  boolean GENERATED ALWAYS AS ((context ->> 'livemode')::boolean) STORED;
CREATE INDEX mail_resend ON mail (resend_of) WHERE resend_of IS NOT NULL;
CREATE INDEX mail_address ON mail (org_id, lower(to_address), id DESC);

-- Once, but for what somebody asks for again.
ALTER TABLE mail DROP CONSTRAINT mail_charge_id_kind_key;
CREATE UNIQUE INDEX mail_charge ON mail (charge_id, kind) WHERE resend_of IS NULL;
DROP INDEX mail_link_schedule;
CREATE UNIQUE INDEX mail_link_schedule ON mail (link_id, scheduled_at) WHERE kind = 'link' AND resend_of IS NULL;

ALTER TABLE mail DROP CONSTRAINT mail_state_check;
ALTER TABLE mail ADD CONSTRAINT mail_state_check
    CHECK (state IN ('due', 'sending', 'sent', 'failed', 'skipped', 'suppressed'));
