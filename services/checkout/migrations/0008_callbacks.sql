-- Callbacks that prove nothing by themselves name the payment that their provider is asked about; genuine ones that
-- concern no payment are ignored; and all can be searched.
ALTER TABLE callback
    DROP CONSTRAINT callback_verdict_check,
    ADD CONSTRAINT callback_verdict_check CHECK (verdict IN ('received', 'accepted', 'duplicate', 'ignored', 'bad_signature',
        'malformed', 'unknown_reference', 'amount_mismatch', 'out_of_order')),
    ADD COLUMN asks_for text,
    ADD COLUMN tries    integer NOT NULL DEFAULT 0;
CREATE INDEX callback_listed ON callback (org_id, id DESC);
