-- Keys that sign the tokens of buyers who proved their address. Made ahead of time, so that whoever checks tokens knows
-- a key before the first token bears it, and kept until the last one has run out.
CREATE TABLE signing_key (
    kid            text PRIMARY KEY,
    purpose        text NOT NULL,
    public_x       text NOT NULL,          -- raw Ed25519, urlsafe base64
    sealed_private bytea NOT NULL,
    signs_from     timestamptz NOT NULL,
    signs_until    timestamptz NOT NULL,
    created_at     timestamptz NOT NULL,
    CHECK (signs_from < signs_until)
);
CREATE INDEX signing_key_listed ON signing_key (purpose, signs_until);

-- Who asked for a code, or tried one, in the last hour: a keyed hash of the address, the place or the organization.
CREATE TABLE otp_ask (
    name     bytea NOT NULL,
    asked_at timestamptz NOT NULL
);
CREATE INDEX otp_ask_counted ON otp_ask (name, asked_at);
CREATE INDEX otp_ask_over ON otp_ask (asked_at);

-- Whether a gated link waits for an address, whosever it is.
CREATE INDEX link_gated ON link (lower(recipient ->> 'email'), id DESC) WHERE gate_otp;
