-- An organization connects as many accounts as it likes, also several with one provider. (The sandbox gives an
-- organization the same account however often it is asked, so its one row is told by the provider's name for it.)
ALTER TABLE provider_account
    DROP CONSTRAINT provider_account_once,
    ADD COLUMN label           text,
    ADD COLUMN key_id          text NOT NULL DEFAULT '', -- the key that `credentials` are sealed with; '' from before keys had ids
    ADD COLUMN hints           jsonb NOT NULL DEFAULT '{}', -- the last characters of each secret, so that a person can tell them apart
    ADD COLUMN old_credentials bytea, -- for callbacks that were signed before a rotation, until `old_until`
    ADD COLUMN old_until       timestamptz,
    ADD COLUMN methods         text[], -- NULL: all that the provider takes; the same for the next two
    ADD COLUMN currencies      text[],
    ADD COLUMN operators       text[],
    ADD COLUMN priority        integer NOT NULL DEFAULT 100, -- lower goes first
    ADD COLUMN disabled_at     timestamptz,
    ADD COLUMN deleted_at      timestamptz, -- the row stays, without its credentials: callbacks name it
    ADD COLUMN used_at         timestamptz, -- about its first charge; an account that had one is never deleted
    ADD COLUMN version         bigint NOT NULL DEFAULT 1,
    ADD COLUMN credentials_at  timestamptz,
    ADD COLUMN updated_at      timestamptz;
UPDATE provider_account SET used_at = created_at, credentials_at = created_at, updated_at = created_at;
ALTER TABLE provider_account ALTER COLUMN credentials_at SET NOT NULL, ALTER COLUMN updated_at SET NOT NULL;
CREATE INDEX provider_account_org ON provider_account (org_id, livemode, id);

-- Why this account and no other: {"left_out": [{account_id, provider, reason}], "attempt": 1}.
ALTER TABLE charge
    ADD COLUMN routing      jsonb,
    ADD COLUMN prompt_phone text, -- while the payer may be asked on this phone
    ADD COLUMN prompt_until timestamptz;
-- A phone shows one prompt of an account at a time.
CREATE UNIQUE INDEX charge_prompt_once ON charge (account_id, prompt_phone) WHERE prompt_phone IS NOT NULL;
