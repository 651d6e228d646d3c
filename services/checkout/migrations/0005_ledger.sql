-- The double-entry ledger: one row is one line of a movement, and the lines of a movement sum to zero in every
-- currency. `source_id` is what moved the money: the charge, refund or dispute. Nothing here is ever changed.
CREATE TABLE ledger_entry (
    transaction_id uuid NOT NULL,
    line           smallint NOT NULL CHECK (line > 0),
    kind           text NOT NULL CHECK (kind IN ('charge', 'fee', 'refund', 'dispute', 'dispute_won', 'dispute_lost')),
    source_id      uuid NOT NULL,
    org_id         uuid NOT NULL,
    livemode       boolean NOT NULL,
    charge_id      uuid NOT NULL,
    link_id        uuid NOT NULL,
    account        text NOT NULL CHECK (account IN ('provider', 'merchant', 'fees', 'refunds', 'disputes', 'chargebacks')),
    owner_id       uuid NOT NULL, -- the provider account for `provider`, else the organization
    amount_minor   bigint NOT NULL CHECK (amount_minor <> 0), -- debits above zero, credits below
    currency       text NOT NULL,
    created_at     timestamptz NOT NULL,
    PRIMARY KEY (transaction_id, line),
    CONSTRAINT ledger_once UNIQUE (kind, source_id, line)
);

CREATE FUNCTION ledger_balanced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM ledger_entry WHERE transaction_id = NEW.transaction_id
    GROUP BY currency HAVING sum(amount_minor) <> 0;
    IF FOUND THEN
        RAISE EXCEPTION 'transaction % of the ledger does not sum to zero', NEW.transaction_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_balanced';
    END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION ledger_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: write another movement'
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'ledger_append_only';
END $$;

-- Charges from before the ledger was kept. (What a process of the old version captures while this is being rolled out
-- has none either: `paylinks ledger check --repair` posts it.)
WITH captured AS (
    SELECT charge.*, gen_random_uuid() AS transaction_id FROM charge WHERE status = 'succeeded'
)
INSERT INTO ledger_entry
SELECT transaction_id, 1, 'charge', id, org_id, livemode, id, link_id, 'provider', account_id, total_minor, currency, updated_at
FROM captured
UNION ALL
SELECT transaction_id, 2, 'charge', id, org_id, livemode, id, link_id, 'merchant', org_id, -total_minor, currency, updated_at
FROM captured;

-- At the commit, so that the lines may come one by one.
CREATE CONSTRAINT TRIGGER ledger_balanced AFTER INSERT ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balanced();
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_append_only();
