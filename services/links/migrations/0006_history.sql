-- What a link was before each change: the row that was replaced, its cap, and who replaced it. Written in the statement
-- that changes the link, so that making one costs nothing.
CREATE TABLE link_revision (
    link_id    uuid NOT NULL,
    revision   integer NOT NULL,
    document   jsonb NOT NULL,
    change     text NOT NULL CHECK (change IN ('updated', 'paused', 'resumed', 'archived', 'revoked', 'deleted')),
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (link_id, revision)
);

-- Everything that links, checkout and notify say about one link, numbered from 1 as it is taken in. The counter's row
-- is locked until the numbers commit, so nobody ever sees a number whose predecessor is still on its way.
CREATE TABLE link_feed_counter (
    link_id uuid PRIMARY KEY,
    seq     bigint NOT NULL
) WITH (fillfactor = 70);
CREATE TABLE link_feed (
    link_id uuid NOT NULL,
    seq     bigint NOT NULL,
    fact_id uuid NOT NULL CONSTRAINT link_feed_fact UNIQUE,
    type    text NOT NULL,
    at      timestamptz NOT NULL,
    data    jsonb NOT NULL,
    PRIMARY KEY (link_id, seq)
);

-- Many links from one request. Rows wait in `body` as they came and lose it when they are done.
CREATE TABLE link_batch (
    id          uuid PRIMARY KEY,
    org_id      uuid NOT NULL,
    livemode    boolean NOT NULL,
    created_by  text NOT NULL,
    dry_run     boolean NOT NULL,
    total       integer NOT NULL CHECK (total > 0),
    created_at  timestamptz NOT NULL,
    -- Whoever works on it has it until then; a process that dies leaves it to the next one.
    taken_until timestamptz,
    finished_at timestamptz
);
CREATE INDEX link_batch_waiting ON link_batch (created_at) WHERE finished_at IS NULL;
CREATE TABLE link_batch_row (
    batch_id uuid NOT NULL REFERENCES link_batch,
    number   integer NOT NULL,
    state    text NOT NULL CHECK (state IN ('pending', 'created', 'valid', 'failed')),
    body     bytea,
    link_id  uuid,
    slug     text,
    code     text,
    field    text,
    rule     text,
    PRIMARY KEY (batch_id, number),
    CHECK ((state = 'pending') = (body IS NOT NULL)),
    CHECK ((state = 'created') = (link_id IS NOT NULL)),
    CHECK ((state = 'failed') = (code IS NOT NULL))
);

-- Lists by state: each walks an index that holds only what could be in that state, newest first. The time at the end
-- of two of them is looked at in the index, before the row is fetched.
CREATE INDEX link_paused ON link (org_id, livemode, id DESC) WHERE paused_at IS NOT NULL AND ended_as IS NULL;
CREATE INDEX link_expiring ON link (org_id, livemode, id DESC, expires_at)
    WHERE expires_at IS NOT NULL AND ended_as IS NULL;
CREATE INDEX link_starting ON link (org_id, livemode, id DESC, starts_at)
    WHERE starts_at IS NOT NULL AND ended_as IS NULL;

-- Whose counters they are, so that used-up links are found without reading the others.
ALTER TABLE link_uses ADD COLUMN org_id uuid, ADD COLUMN livemode boolean;
UPDATE link_uses SET org_id = link.org_id, livemode = link.livemode FROM link WHERE link.id = link_uses.link_id;
CREATE INDEX link_uses_exhausted ON link_uses (org_id, livemode, link_id DESC) WHERE exhausted_at IS NOT NULL;
