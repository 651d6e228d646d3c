-- What was given back of this link's money, from checkout's facts. One row a refund, so that a fact that comes again
-- counts once.
CREATE TABLE refund (
    id           uuid PRIMARY KEY,
    link_id      uuid NOT NULL,
    charge_id    uuid NOT NULL,
    session_id   uuid NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency     text NOT NULL,
    refunded_at  timestamptz NOT NULL
);
CREATE INDEX refund_of_link ON refund (link_id);
