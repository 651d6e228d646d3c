-- Our charges of a day (UTC) against what their provider says of each. One report for each account and day.
CREATE TABLE reconciliation (
    id          uuid PRIMARY KEY,
    account_id  uuid NOT NULL REFERENCES provider_account (id),
    org_id      uuid NOT NULL,
    livemode    boolean NOT NULL,
    provider    text NOT NULL,
    day         date NOT NULL,
    lease_until timestamptz, -- somebody is at it until then; NULL: it is finished
    compared    integer NOT NULL DEFAULT 0,
    unanswered  integer NOT NULL DEFAULT 0,
    differing   integer NOT NULL DEFAULT 0,
    differences jsonb NOT NULL DEFAULT '[]', -- the first thousand
    made_at     timestamptz NOT NULL,
    CONSTRAINT reconciliation_once UNIQUE (account_id, day)
);
CREATE INDEX reconciliation_listed ON reconciliation (org_id, livemode, id DESC);
