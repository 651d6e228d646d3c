-- Facts leave through the outbox: written in the transaction of the change they announce.
CREATE TABLE outbox (
    id          uuid PRIMARY KEY,                    -- also ce-id and Nats-Msg-Id
    position    bigint GENERATED ALWAYS AS IDENTITY, -- the order in which they are published
    type        text NOT NULL,
    subject     text NOT NULL,
    link_id     uuid,
    link_seq    bigint,                              -- given by the relay, without gaps; see outbox_sequence
    data        bytea NOT NULL,
    traceparent text,
    created_at  timestamptz NOT NULL DEFAULT now(),
    sent_at     timestamptz
);
CREATE INDEX outbox_unsent ON outbox (position) WHERE sent_at IS NULL;
CREATE INDEX outbox_sent ON outbox (sent_at) WHERE sent_at IS NOT NULL;

-- How many facts about a link this service has published.
CREATE TABLE outbox_sequence (
    link_id uuid PRIMARY KEY,
    seq     bigint NOT NULL
);

-- Facts come in through the inbox: a row commits with the effect it caused, so that a second delivery does nothing.
CREATE TABLE inbox (
    consumer    text NOT NULL,
    event_id    uuid NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_received ON inbox USING brin (received_at);

-- What could not be taken in after several tries, kept whole, for a person to look at and replay.
CREATE TABLE dead_letter (
    consumer    text NOT NULL,
    event_id    uuid NOT NULL,
    subject     text NOT NULL,
    headers     jsonb NOT NULL,
    body        bytea NOT NULL,
    error       text NOT NULL,
    deliveries  integer NOT NULL,
    died_at     timestamptz NOT NULL DEFAULT now(),
    replayed_at timestamptz,
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX dead_letter_died ON dead_letter (died_at DESC);

-- Answers given to requests that carried an Idempotency-Key. The row commits with what the request did.
CREATE TABLE idempotency (
    scope       text NOT NULL, -- who asked: an organization and its mode, or a buyer's link
    route       text NOT NULL,
    key         text NOT NULL,
    fingerprint bytea NOT NULL,
    status      smallint NOT NULL,
    body        bytea NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (scope, route, key)
);
CREATE INDEX idempotency_created ON idempotency USING brin (created_at);
