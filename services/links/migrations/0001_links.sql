CREATE TABLE organization (
    id                  uuid PRIMARY KEY,
    name                text NOT NULL,
    slug                text CONSTRAINT organization_slug UNIQUE,
    default_currency    text NOT NULL,
    currencies          text[] NOT NULL,
    support_email       text,
    locale              text NOT NULL,
    timezone            text NOT NULL,
    logo_url            text,
    color               text,
    late_payment_policy text NOT NULL,
    revision            integer NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL
);

-- The secret itself is never here: SHA-256 of 256 random bits needs no salt and no slow hash.
CREATE TABLE api_key (
    id            text PRIMARY KEY,
    org_id        uuid NOT NULL REFERENCES organization,
    livemode      boolean NOT NULL,
    name          text NOT NULL,
    scopes        text[] NOT NULL,
    secret_sha256 bytea NOT NULL,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz,
    revoked_at    timestamptz,
    rotated_to    text REFERENCES api_key,
    last_used_at  timestamptz
);
CREATE INDEX api_key_listed ON api_key (org_id, livemode, created_at DESC, id DESC);

CREATE TABLE product (
    id          uuid PRIMARY KEY,
    org_id      uuid NOT NULL REFERENCES organization,
    livemode    boolean NOT NULL,
    digital_id  text NOT NULL CONSTRAINT product_digital_id UNIQUE,
    name        text NOT NULL,
    description text,
    image_url   text,
    price_minor bigint NOT NULL CHECK (price_minor > 0),
    currency    text NOT NULL,
    metadata    jsonb NOT NULL,
    active      boolean NOT NULL,
    revision    integer NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL
);
CREATE INDEX product_listed ON product (org_id, livemode, id DESC);

CREATE TABLE plan (
    id          uuid PRIMARY KEY,
    org_id      uuid NOT NULL REFERENCES organization,
    livemode    boolean NOT NULL,
    name        text NOT NULL,
    price_minor bigint NOT NULL CHECK (price_minor > 0),
    currency    text NOT NULL,
    interval    text NOT NULL,
    created_at  timestamptz NOT NULL
);
CREATE INDEX plan_listed ON plan (org_id, livemode, id DESC);

-- No foreign key to organization: it would lock the organization's row with every link that is made, and every
-- org_id comes from a key that references it. Rows of this table are never deleted.
CREATE TABLE link (
    id                  uuid PRIMARY KEY,
    org_id              uuid NOT NULL,
    livemode            boolean NOT NULL,
    slug                text NOT NULL CONSTRAINT link_slug UNIQUE,
    title               text NOT NULL,
    description         text,
    private_note        text,
    pricing             jsonb NOT NULL,
    -- Null where the buyer chooses it.
    currency            text GENERATED ALWAYS AS (coalesce(pricing #>> '{total,currency}', pricing ->> 'currency')) STORED,
    methods             text[] NOT NULL,
    providers           text[] NOT NULL,
    collect             jsonb NOT NULL,
    success_url         text,
    cancel_url          text,
    branding            jsonb NOT NULL,
    metadata            jsonb NOT NULL,
    starts_at           timestamptz,
    expires_at          timestamptz,
    paused_at           timestamptz,
    ended_at            timestamptz,
    ended_as            text CHECK (ended_as IN ('archived', 'revoked', 'deleted')),
    late_payment_policy text NOT NULL,
    revision            integer NOT NULL,
    created_at          timestamptz NOT NULL,
    updated_at          timestamptz NOT NULL,
    CHECK ((ended_at IS NULL) = (ended_as IS NULL))
);
CREATE INDEX link_listed ON link (org_id, livemode, id DESC);
CREATE INDEX link_ended ON link (org_id, livemode, ended_as, id DESC) WHERE ended_as IS NOT NULL;

-- The counters are apart from the wide row, since they change with every payment. `uses_max` is here because the cap
-- must be read under the same lock as what it bounds.
CREATE TABLE link_uses (
    link_id      uuid PRIMARY KEY,
    uses_max     bigint CHECK (uses_max > 0),
    used         bigint NOT NULL DEFAULT 0 CHECK (used >= 0),
    held         bigint NOT NULL DEFAULT 0 CHECK (held >= 0),
    version      bigint NOT NULL DEFAULT 0,
    exhausted_at timestamptz
) WITH (fillfactor = 70);

-- One buyer's use of a link. Written only under the lock of its link_uses row.
CREATE TABLE use (
    session_id  uuid PRIMARY KEY,
    link_id     uuid NOT NULL,
    charge_id   uuid NOT NULL,
    state       text NOT NULL CHECK (state IN ('held', 'settled', 'released', 'refused')),
    held_until  timestamptz,
    total_minor bigint,
    currency    text,
    updated_at  timestamptz NOT NULL,
    CHECK ((state = 'held') = (held_until IS NOT NULL))
);
CREATE INDEX use_lapsing ON use (held_until) WHERE state = 'held';
CREATE INDEX use_held ON use (link_id, held_until) WHERE state = 'held';

CREATE TABLE link_revenue (
    link_id       uuid NOT NULL,
    currency      text NOT NULL,
    paid_count    bigint NOT NULL,
    revenue_minor numeric(30, 0) NOT NULL,
    last_paid_at  timestamptz NOT NULL,
    PRIMARY KEY (link_id, currency)
);

-- Captured money that counted as no use: it came after the end or the cap, or a session was paid twice.
CREATE TABLE unsettled (
    charge_id   uuid PRIMARY KEY,
    link_id     uuid NOT NULL,
    session_id  uuid NOT NULL,
    total_minor bigint NOT NULL,
    currency    text NOT NULL,
    policy      text NOT NULL,
    created_at  timestamptz NOT NULL
);
CREATE INDEX unsettled_of_link ON unsettled (link_id);

-- What links knows of checkout's charges, from their facts. The row with the highest version wins.
CREATE TABLE charge (
    id             uuid PRIMARY KEY,
    org_id         uuid NOT NULL,
    livemode       boolean NOT NULL,
    link_id        uuid NOT NULL,
    session_id     uuid NOT NULL,
    version        bigint NOT NULL,
    status         text NOT NULL,
    total_minor    bigint NOT NULL,
    currency       text NOT NULL,
    method         text NOT NULL,
    provider       text NOT NULL,
    failure_reason text,
    customer       jsonb,
    payer_hint     text,
    receipt_number text,
    late           boolean NOT NULL,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL
);
CREATE INDEX charge_of_link ON charge (link_id, id DESC);

-- A link as it is read: with its counters, which are looked up one by one for the few links of a page (LIMIT keeps the
-- planner from joining the two tables as a whole).
CREATE VIEW link_now AS
SELECT link.*, uses.uses_max, uses.used, uses.held, uses.uses_version, uses.exhausted_at
FROM link
CROSS JOIN LATERAL (
    SELECT uses_max, used, held, version AS uses_version, exhausted_at
    FROM link_uses
    WHERE link_id = link.id
    LIMIT 1
) AS uses;
