-- name: schema
CREATE TABLE IF NOT EXISTS callbacks (
    id INTEGER PRIMARY KEY, event_id TEXT NOT NULL, payment TEXT NOT NULL, account TEXT NOT NULL, type TEXT NOT NULL,
    url TEXT NOT NULL, body BLOB NOT NULL, forged INTEGER NOT NULL, retried INTEGER NOT NULL, state TEXT NOT NULL,
    attempts INTEGER NOT NULL, created_ms INTEGER NOT NULL, due_ms INTEGER
);
CREATE INDEX IF NOT EXISTS callbacks_by_payment ON callbacks (payment);
CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (due_ms) WHERE due_ms IS NOT NULL;
CREATE TABLE IF NOT EXISTS attempts (
    id INTEGER PRIMARY KEY, callback INTEGER NOT NULL, at_ms INTEGER NOT NULL, duration_ms INTEGER NOT NULL,
    status INTEGER, error TEXT
);
CREATE INDEX IF NOT EXISTS attempts_by_callback ON attempts (callback);

-- name: insert_callback
INSERT INTO callbacks (event_id, payment, account, type, url, body, forged, retried, state, attempts, created_ms, due_ms)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- name: callback
SELECT id, event_id, payment, account, type, url, body, forged, retried, state, attempts, created_ms, due_ms
  FROM callbacks WHERE id = ?;

-- name: last_callback_of_type
-- What was told by the control API with a tampered body is not retried, and is not the genuine event.
SELECT id, event_id, payment, account, type, url, body, forged, retried, state, attempts, created_ms, due_ms
  FROM callbacks WHERE payment = ? AND type = ? AND retried = 1 ORDER BY id DESC LIMIT 1;

-- name: callbacks_after
SELECT id, event_id, payment, account, type, url, body, forged, retried, state, attempts, created_ms, due_ms
  FROM callbacks WHERE (?1 IS NULL OR payment = ?1) AND id > ?2 ORDER BY id LIMIT ?3;

-- name: due_callbacks
SELECT id, due_ms FROM callbacks WHERE due_ms IS NOT NULL;

-- name: update_callback
UPDATE callbacks SET state = ?, attempts = ?, due_ms = ? WHERE id = ?;

-- name: insert_attempt
INSERT INTO attempts (callback, at_ms, duration_ms, status, error) VALUES (?, ?, ?, ?, ?);

-- name: attempts_of
SELECT callback, at_ms, duration_ms, status, error FROM attempts WHERE callback = ? ORDER BY id;
