-- Every mail there ever was or will be. A row is written first, as an intent, and is the ledger entry afterwards.
CREATE TABLE mail (
    id          uuid PRIMARY KEY,
    org_id      uuid NOT NULL,
    link_id     uuid,
    charge_id   uuid,
    kind        text NOT NULL CHECK (kind IN ('receipt')),
    to_address  text,                         -- none was given: the mail is skipped, and the ledger says so
    locale      text NOT NULL,
    context     jsonb NOT NULL,               -- what the template needs, as it was when the fact came in
    message_id  text NOT NULL UNIQUE,         -- the same at every attempt, so that a repeated mail shows as one
    state       text NOT NULL CHECK (state IN ('due', 'sending', 'sent', 'failed', 'skipped')),
    due_at      timestamptz NOT NULL,         -- of one that is being sent: when its lease is over
    lease_token uuid,                         -- who is sending it; another token fences the earlier sender off
    attempts    integer NOT NULL DEFAULT 0,
    last_error  text,
    traceparent text,
    created_at  timestamptz NOT NULL,
    sent_at     timestamptz,
    UNIQUE (charge_id, kind)
);
CREATE INDEX mail_due ON mail (due_at) WHERE state IN ('due', 'sending');
CREATE INDEX mail_link ON mail (link_id, id DESC);
