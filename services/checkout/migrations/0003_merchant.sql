-- Organizations as buyers see them, from the facts of links. A link carries its merchant as of some revision; what is
-- here and newer goes before it.
CREATE TABLE merchant (
    org_id     uuid PRIMARY KEY,
    revision   bigint NOT NULL,
    view       jsonb NOT NULL,
    updated_at timestamptz NOT NULL
);
