-- What an organization's accounts with payment providers take, as checkout tells it: so that a link can say whether
-- anybody would take its payment. `takes` is empty while an account is disabled; a disconnected one keeps its version.
CREATE TABLE provider_account (
    account_id uuid PRIMARY KEY,
    org_id     uuid NOT NULL,
    livemode   boolean NOT NULL,
    provider   text NOT NULL,
    version    bigint NOT NULL,
    takes      jsonb NOT NULL
);
CREATE INDEX provider_account_org ON provider_account (org_id, livemode);
