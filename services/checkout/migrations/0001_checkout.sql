-- Links as checkout knows them: a projection of what links tells on the bus. Columns are what lookups need, the rest is in `view`.
CREATE TABLE link_view (
    link_id    uuid PRIMARY KEY,
    org_id     uuid NOT NULL,
    slug       text NOT NULL, -- unique in links; here two rows may share one for a moment, while facts are on their way
    revision   bigint NOT NULL,
    view       jsonb NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX link_view_slug ON link_view (slug);

-- Counters come with other facts than the link, and may come before it.
CREATE TABLE link_uses (
    link_id      uuid PRIMARY KEY,
    used         bigint NOT NULL,
    held         bigint NOT NULL,
    version      bigint NOT NULL,
    exhausted_at timestamptz
);

-- An organization's account with a provider. `credentials` are sealed (shared.runtime.secrets).
CREATE TABLE provider_account (
    id          uuid PRIMARY KEY,
    org_id      uuid NOT NULL,
    provider    text NOT NULL,
    livemode    boolean NOT NULL,
    external_id text NOT NULL, -- the provider's name for it; callbacks come to /callbacks/<provider>/<external_id>
    credentials bytea NOT NULL,
    created_at  timestamptz NOT NULL,
    CONSTRAINT provider_account_once UNIQUE (org_id, provider, livemode),
    CONSTRAINT provider_account_external UNIQUE (provider, external_id)
);

CREATE TABLE session (
    id          uuid PRIMARY KEY,
    org_id      uuid NOT NULL,
    link_id     uuid NOT NULL,
    livemode    boolean NOT NULL,
    link        jsonb NOT NULL, -- the link as it was when the session began: a later change does not reach this buyer
    email       text,
    name        text,
    phone       text,
    address     jsonb,
    total_minor bigint NOT NULL CHECK (total_minor > 0),
    currency    text NOT NULL,
    locale      text NOT NULL,
    status      text NOT NULL CHECK (status IN ('open', 'paying', 'paid', 'expired', 'abandoned')),
    version     bigint NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    expires_at  timestamptz NOT NULL,
    paid_at     timestamptz
);
CREATE INDEX session_due ON session (expires_at) WHERE status = 'open';

CREATE TABLE charge (
    id             uuid PRIMARY KEY,
    session_id     uuid NOT NULL REFERENCES session (id),
    org_id         uuid NOT NULL,
    link_id        uuid NOT NULL,
    livemode       boolean NOT NULL,
    account_id     uuid NOT NULL REFERENCES provider_account (id),
    provider       text NOT NULL,
    method         text NOT NULL,
    reference      text NOT NULL CONSTRAINT charge_reference UNIQUE, -- ours, stored before the provider hears of it
    provider_id    text,
    total_minor    bigint NOT NULL CHECK (total_minor > 0),
    currency       text NOT NULL,
    status         text NOT NULL CHECK (status IN ('created', 'pending', 'succeeded', 'failed', 'expired')),
    version        bigint NOT NULL DEFAULT 0, -- counts announced changes; 0: nobody was told yet
    failure_reason text,
    payer_phone    text,
    payer_last4    text,
    card_brand     text,
    next_action    jsonb,
    event_ids      text[] NOT NULL DEFAULT '{}', -- the provider's events that were accepted
    held_until     timestamptz NOT NULL,
    -- From when on "no such payment" is the provider's final word, and what the failure is called then.
    absent_after   timestamptz NOT NULL,
    absent_reason  text NOT NULL DEFAULT 'not_started',
    next_poll_at   timestamptz NOT NULL,
    polls          integer NOT NULL DEFAULT 0,
    looks_back     integer NOT NULL DEFAULT 0, -- how often the provider was asked after the charge failed
    traceparent    text,
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL
);
-- A session has one charge under way. (A charge that failed may succeed late, beside another one: both are kept.)
CREATE UNIQUE INDEX charge_under_way ON charge (session_id) WHERE status IN ('created', 'pending');
CREATE INDEX charge_session ON charge (session_id, id DESC);
-- Those under way, and for a while those that failed: money may be captured late, and its callback be lost.
CREATE INDEX charge_due ON charge (next_poll_at)
    WHERE status IN ('created', 'pending') OR (status IN ('failed', 'expired') AND looks_back < 5);

-- Everything that providers sent us, as it came, for ever.
CREATE TABLE callback (
    id          uuid PRIMARY KEY,
    org_id      uuid NOT NULL,
    account_id  uuid NOT NULL REFERENCES provider_account (id),
    provider    text NOT NULL,
    event_id    text,
    headers     jsonb NOT NULL,
    body        bytea NOT NULL,
    verdict     text NOT NULL CHECK (verdict IN ('received', 'accepted', 'duplicate', 'bad_signature', 'malformed',
                                                 'unknown_reference', 'amount_mismatch', 'out_of_order')),
    charge_id   uuid,
    retry_at    timestamptz,
    received_at timestamptz NOT NULL,
    applied_at  timestamptz
);
CREATE INDEX callback_waiting ON callback (id) WHERE verdict = 'received';
CREATE INDEX callback_charge ON callback (charge_id, id) WHERE charge_id IS NOT NULL;
CREATE UNIQUE INDEX callback_event_once ON callback (provider, account_id, event_id) WHERE verdict = 'accepted';
