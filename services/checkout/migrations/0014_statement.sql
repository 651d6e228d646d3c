-- A provider's own list of a day, while it is being compared with ours. Unlogged: whoever dies over it begins again.
CREATE UNLOGGED TABLE statement_entry (
    run          uuid NOT NULL, -- of version 7: it tells how old an entry is that nobody took away
    about        text NOT NULL CHECK (about IN ('charge', 'refund')),
    provider_id  text NOT NULL,
    reference    text,
    status       text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed', 'expired')),
    amount_minor bigint NOT NULL,
    currency     text NOT NULL,
    fee_minor    bigint,
    fee_currency text,
    created_at   timestamptz NOT NULL,
    ours         uuid, -- the charge or the refund that it is of
    PRIMARY KEY (run, about, provider_id)
);
CREATE INDEX statement_entry_ours ON statement_entry (run, ours);

ALTER TABLE reconciliation
    ADD COLUMN refunds_compared integer NOT NULL DEFAULT 0,
    ADD COLUMN listed           integer; -- NULL: the provider has no list, or did not give it
