-- Where merchants want to be told. A deleted endpoint stays until its log is forgotten, without its secrets.
CREATE TABLE webhook_endpoint (
    id              uuid PRIMARY KEY,
    org_id          uuid NOT NULL,
    livemode        boolean NOT NULL,
    url             text NOT NULL,
    description     text,
    events          text[] NOT NULL,             -- names, `charge.*`, `*`
    secret          bytea NOT NULL,              -- sealed
    previous_secret bytea,                       -- sealed; also signs until previous_until
    previous_until  timestamptz,
    disabled_at     timestamptz,
    disabled_reason text CHECK (disabled_reason IN ('by_hand', 'gone', 'failing')),
    failing_since   timestamptz,                 -- nothing has arrived since; none when the last attempt did
    failures        integer NOT NULL DEFAULT 0,  -- since then
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
    deleted_at      timestamptz,
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL))
);
CREATE INDEX webhook_endpoint_org ON webhook_endpoint (org_id, livemode, id) WHERE deleted_at IS NULL;

-- The order in which events are told. Drawn as they are taken in.
CREATE SEQUENCE webhook_rank;

-- One event on its way to one endpoint, and afterwards the log of it.
CREATE TABLE webhook_delivery (
    id          uuid PRIMARY KEY,
    endpoint_id uuid NOT NULL REFERENCES webhook_endpoint,
    event_id    uuid NOT NULL,                   -- the fact's; webhook-id is made of it
    event_type  text NOT NULL,
    owner       text NOT NULL,
    link_id     uuid,
    lane        uuid NOT NULL,                   -- the link; an event without one has a lane of its own
    rank        bigint NOT NULL,
    sequence    bigint NOT NULL,                 -- of the owner's facts about the link
    payload     bytea NOT NULL,
    state       text NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts    integer NOT NULL DEFAULT 0,      -- since opened_at
    attempts_before integer NOT NULL DEFAULT 0,  -- those before it was sent again by hand
    opened_at   timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    last_status smallint,
    last_error  text,
    created_at  timestamptz NOT NULL,
    finished_at timestamptz,
    UNIQUE (endpoint_id, event_id)
);
CREATE INDEX webhook_delivery_next ON webhook_delivery (endpoint_id, lane, rank, sequence) WHERE state = 'pending';
CREATE INDEX webhook_delivery_log ON webhook_delivery (endpoint_id, id);
CREATE INDEX webhook_delivery_failed ON webhook_delivery (endpoint_id, id) WHERE state = 'failed';
CREATE INDEX webhook_delivery_created ON webhook_delivery USING brin (created_at);

CREATE TABLE webhook_attempt (
    delivery_id     uuid NOT NULL REFERENCES webhook_delivery ON DELETE CASCADE,
    number          integer NOT NULL,
    at              timestamptz NOT NULL,
    duration_ms     integer NOT NULL,
    request_headers jsonb NOT NULL,
    status          smallint,
    error           text,
    response_body   text NOT NULL,               -- the beginning of it
    PRIMARY KEY (delivery_id, number)
);

-- What has to be done: a row for each endpoint and link with events that wait. Whoever holds the row sends the first of
-- them; the others wait behind it, and behind nothing else. Gone when nothing waits.
CREATE TABLE webhook_lane (
    endpoint_id uuid NOT NULL REFERENCES webhook_endpoint,
    lane        uuid NOT NULL,
    due_at      timestamptz NOT NULL,            -- of one that is being sent: when its lease is over
    lease_token uuid,                            -- who is sending it; another token fences the earlier sender off
    PRIMARY KEY (endpoint_id, lane)
);
CREATE INDEX webhook_lane_due ON webhook_lane (endpoint_id, due_at);

-- Whom to write to when an endpoint is switched off, from the facts of links and of organizations.
CREATE TABLE webhook_contact (
    org_id        uuid PRIMARY KEY,
    revision      integer NOT NULL,
    name          text NOT NULL,
    support_email text,
    locale        text NOT NULL,
    timezone      text NOT NULL
);

-- Endpoints that are switched off are written about.
ALTER TABLE mail DROP CONSTRAINT mail_kind_check;
ALTER TABLE mail ADD CONSTRAINT mail_kind_check
    CHECK (kind IN ('receipt', 'otp', 'link', 'reminder', 'payment_failed', 'webhook_disabled'));
