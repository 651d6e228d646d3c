-- A person. One may belong to several organizations, with one address and one password.
CREATE TABLE member (
    id            uuid PRIMARY KEY,
    -- Kept in lower case, so that one address is one person however it is typed.
    email         text NOT NULL CONSTRAINT member_email UNIQUE CHECK (email = lower(email)),
    name          text NOT NULL,
    -- argon2id with its parameters (PHC string). Null until the first invitation is accepted.
    password_hash text CHECK (password_hash LIKE '$argon2id$%'),
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);

-- A person's place in an organization. Until an invitation is accepted it opens nothing.
CREATE TABLE membership (
    member_id             uuid NOT NULL REFERENCES member,
    org_id                uuid NOT NULL REFERENCES organization,
    role                  text NOT NULL CHECK (role IN ('owner', 'admin', 'staff', 'viewer')),
    -- SHA-256 of 256 random bits; the token itself is shown once and is nowhere.
    invitation_sha256     bytea CONSTRAINT membership_invitation UNIQUE,
    invitation_expires_at timestamptz,
    joined_at             timestamptz,
    created_at            timestamptz NOT NULL,
    PRIMARY KEY (org_id, member_id),
    CHECK ((joined_at IS NULL) = (invitation_sha256 IS NOT NULL)),
    CHECK ((invitation_sha256 IS NULL) = (invitation_expires_at IS NULL))
);
CREATE INDEX membership_of_member ON membership (member_id, created_at);

-- One sign-in. Its token is signed and not stored; a token works as long as its login does.
CREATE TABLE login (
    id           uuid PRIMARY KEY,
    member_id    uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    org_id       uuid NOT NULL REFERENCES organization,
    livemode     boolean NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('cookie', 'token')),
    user_agent   text CHECK (char_length(user_agent) <= 200),
    created_at   timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz,
    last_used_at timestamptz
);
CREATE INDEX login_open ON login (member_id) WHERE ended_at IS NULL;
CREATE INDEX login_expiring ON login (expires_at);
