-- What a writer did: a row for each fact, in the same transaction as the fact.
CREATE TABLE made (number bigint PRIMARY KEY, link_id uuid NOT NULL);

-- What a reader did: a row each time a fact has its effect, without any constraint that could hide a second time.
CREATE TABLE applied (
    position bigint GENERATED ALWAYS AS IDENTITY,
    event_id uuid NOT NULL,
    link_id  uuid NOT NULL,
    sequence bigint NOT NULL,
    number   bigint NOT NULL
);

-- The bug that a poisonous fact meets is fixed once there is a row.
CREATE TABLE cured (at timestamptz NOT NULL DEFAULT now());
