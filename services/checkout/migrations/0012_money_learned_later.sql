-- What a provider calls the money of a charge, where it is not what it calls the payment: refunds and disputes name it.
ALTER TABLE charge ADD COLUMN payment_id text;
CREATE INDEX charge_of_payment ON charge (account_id, payment_id) WHERE payment_id IS NOT NULL;

-- Captures whose fee the provider tells only when it is asked. Gone once the fee is known, or is not to be had.
CREATE TABLE fee_ask (
    charge_id   uuid PRIMARY KEY REFERENCES charge (id),
    asks        integer NOT NULL DEFAULT 0,
    next_ask_at timestamptz NOT NULL
);
CREATE INDEX fee_ask_due ON fee_ask (next_ask_at);

-- A refund that had gone through may come back: the movement that puts it back is one of its own.
ALTER TABLE ledger_entry
    DROP CONSTRAINT ledger_entry_kind_check,
    ADD CONSTRAINT ledger_entry_kind_check
        CHECK (kind IN ('charge', 'fee', 'refund', 'refund_failed', 'dispute', 'dispute_won', 'dispute_lost'));

-- What was given back at the provider's own dashboard is recorded once, whoever hears of it first.
CREATE UNIQUE INDEX refund_by_provider ON refund (account_id, provider_id) WHERE asked_by = 'provider';
