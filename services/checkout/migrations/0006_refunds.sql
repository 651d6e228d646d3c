-- What became of captured money, beside the charge's status (which stays `succeeded`). The check is the last wall
-- against giving back more than came in; the row's lock is the first.
ALTER TABLE charge
    ADD COLUMN refunded_minor  bigint NOT NULL DEFAULT 0 CHECK (refunded_minor >= 0),
    ADD COLUMN refunding_minor bigint NOT NULL DEFAULT 0 CHECK (refunding_minor >= 0), -- promised, and under way
    ADD COLUMN disputed_minor  bigint NOT NULL DEFAULT 0 CHECK (disputed_minor >= 0), -- with a bank, or lost to it
    ADD COLUMN review          text CHECK (review IN ('open', 'accepted', 'refunded')),
    ADD COLUMN review_reason   text,
    ADD CONSTRAINT charge_refunds CHECK (refunded_minor + refunding_minor <= total_minor);
CREATE INDEX charge_listed ON charge (org_id, livemode, id DESC);
CREATE INDEX charge_in_review ON charge (org_id, livemode, id DESC) WHERE review = 'open';
-- Disputes may name only the provider's id of the payment.
CREATE INDEX charge_of_provider ON charge (account_id, provider_id) WHERE status = 'succeeded';

CREATE TABLE refund (
    id              uuid PRIMARY KEY,
    org_id          uuid NOT NULL,
    link_id         uuid NOT NULL,
    session_id      uuid NOT NULL,
    charge_id       uuid NOT NULL REFERENCES charge (id),
    livemode        boolean NOT NULL,
    account_id      uuid NOT NULL,
    provider        text NOT NULL,
    reference       text NOT NULL CONSTRAINT refund_reference UNIQUE, -- ours, stored before the provider hears of it
    provider_id     text,
    amount_minor    bigint NOT NULL CHECK (amount_minor > 0),
    currency        text NOT NULL,
    status          text NOT NULL CHECK (status IN ('created', 'pending', 'succeeded', 'failed')),
    asked_by        text NOT NULL, -- `key:<id>`, `member:<id>`, or `policy`
    reason          text,
    failure         text,
    attempts        integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL,
    absent_after    timestamptz NOT NULL, -- from when on "no such refund" is believed, and it is asked for again
    traceparent     text,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL
);
CREATE INDEX refund_listed ON refund (org_id, livemode, id DESC);
CREATE INDEX refund_of_charge ON refund (charge_id, id DESC);
CREATE INDEX refund_of_provider ON refund (account_id, provider_id);
CREATE INDEX refund_due ON refund (next_attempt_at) WHERE status IN ('created', 'pending');
-- The policy gives a charge back once, however often it is told that the charge came too late.
CREATE UNIQUE INDEX refund_by_policy ON refund (charge_id) WHERE asked_by = 'policy';

CREATE TABLE dispute (
    id           uuid PRIMARY KEY,
    org_id       uuid NOT NULL,
    link_id      uuid NOT NULL,
    session_id   uuid NOT NULL,
    charge_id    uuid NOT NULL REFERENCES charge (id),
    livemode     boolean NOT NULL,
    account_id   uuid NOT NULL,
    provider     text NOT NULL,
    external_id  text NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency     text NOT NULL,
    status       text NOT NULL CHECK (status IN ('open', 'won', 'lost')),
    reason       text NOT NULL,
    opened_at    timestamptz NOT NULL,
    closed_at    timestamptz,
    CONSTRAINT dispute_once UNIQUE (account_id, external_id)
);
CREATE INDEX dispute_listed ON dispute (org_id, livemode, id DESC);
CREATE INDEX dispute_of_charge ON dispute (charge_id, id DESC);
