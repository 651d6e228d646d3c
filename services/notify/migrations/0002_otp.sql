-- One-time codes. A code is never here in clear: the hash is keyed, and the sealed copy, which the mail is written
-- from, is erased as soon as the mail is on its way, the code is used, or its time is over.
CREATE TABLE otp_challenge (
    id           uuid PRIMARY KEY,              -- of the fact that asked for it; its mail has the same id
    email        text NOT NULL,                 -- lower-cased
    scope        uuid NOT NULL,                 -- the link that it opens; all zeros: asked for without a link
    org_id       uuid NOT NULL,
    code_hash    bytea NOT NULL,                -- of random bytes where nobody waits for the address
    sealed_code  bytea,
    attempts     integer NOT NULL CHECK (attempts >= 0),
    budget_until timestamptz NOT NULL,          -- until then a new code brings no new attempts
    asked_at     timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    verified_at  timestamptz,
    UNIQUE (email, scope)                       -- a new code takes the place of the one before
);
CREATE INDEX otp_challenge_sealed ON otp_challenge (expires_at) WHERE sealed_code IS NOT NULL;
CREATE INDEX otp_challenge_over ON otp_challenge (budget_until);

ALTER TABLE mail DROP CONSTRAINT mail_kind_check;
ALTER TABLE mail ADD CONSTRAINT mail_kind_check CHECK (kind IN ('receipt', 'otp'));
