-- name: schema
-- A record is JSON: the columns beside it are only what is searched by.
CREATE TABLE IF NOT EXISTS accounts (
    id TEXT PRIMARY KEY, reference TEXT NOT NULL UNIQUE, record BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS payments (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE,
    account TEXT NOT NULL, reference TEXT NOT NULL, record BLOB NOT NULL,
    UNIQUE (account, reference)
);
-- Append-only: one row each time money is taken, whatever the payment's status says.
CREATE TABLE IF NOT EXISTS captures (
    id INTEGER PRIMARY KEY, payment TEXT NOT NULL, amount INTEGER NOT NULL, currency TEXT NOT NULL, at_ms INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS captures_by_payment ON captures (payment);
CREATE TABLE IF NOT EXISTS refunds (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, account TEXT NOT NULL, payment TEXT NOT NULL,
    reference TEXT NOT NULL, due_ms INTEGER, record BLOB NOT NULL,
    UNIQUE (account, reference)
);
CREATE INDEX IF NOT EXISTS refunds_by_payment ON refunds (payment);
CREATE TABLE IF NOT EXISTS idempotency (
    account TEXT NOT NULL, key TEXT NOT NULL, fingerprint BLOB NOT NULL, answer BLOB NOT NULL, created_ms INTEGER NOT NULL,
    PRIMARY KEY (account, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS tokens (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, acts_like TEXT NOT NULL, expires_ms INTEGER NOT NULL, used INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS steps (
    id INTEGER PRIMARY KEY, payment TEXT NOT NULL, due_ms INTEGER NOT NULL, status TEXT NOT NULL, failure_code TEXT
);
CREATE INDEX IF NOT EXISTS steps_by_payment ON steps (payment);
CREATE TABLE IF NOT EXISTS faults (only INTEGER PRIMARY KEY CHECK (only = 1), record BLOB NOT NULL);

-- name: forget_old_answers
DELETE FROM idempotency WHERE created_ms < ?;

-- name: forget_old_tokens
DELETE FROM tokens WHERE expires_ms < ?;

-- name: put_account
INSERT INTO accounts (id, reference, record) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET record = excluded.record;

-- name: all_accounts
SELECT record FROM accounts;

-- name: insert_payment
INSERT INTO payments (id, account, reference, record) VALUES (?, ?, ?, ?);

-- name: update_payment
UPDATE payments SET record = ? WHERE id = ?;

-- name: payment_by_id
SELECT record FROM payments WHERE id = ?;

-- name: payment_by_reference
SELECT record FROM payments WHERE account = ? AND reference = ?;

-- name: ledger
SELECT record, (SELECT count(*) FROM captures WHERE captures.payment = payments.id)
  FROM payments
 WHERE (?1 IS NULL OR account = ?1) AND (?2 IS NULL OR reference = ?2)
   AND seq > coalesce((SELECT seq FROM payments WHERE id = ?3), 0)
 ORDER BY seq LIMIT ?4;

-- name: payments_created
-- A record is a blob of JSON, which SQLite reads as text only.
SELECT record
  FROM payments
 WHERE account = ?1 AND seq > coalesce((SELECT seq FROM payments WHERE id = ?4), 0)
   AND json_extract(CAST(record AS TEXT), '$.created_ms') >= ?2 AND json_extract(CAST(record AS TEXT), '$.created_ms') < ?3
 ORDER BY seq LIMIT ?5;

-- name: insert_capture
INSERT INTO captures (payment, amount, currency, at_ms) VALUES (?, ?, ?, ?);

-- name: capture_count
SELECT count(*) FROM captures WHERE payment = ?;

-- name: insert_refund
INSERT INTO refunds (id, account, payment, reference, due_ms, record) VALUES (?, ?, ?, ?, ?, ?);

-- name: update_refund
UPDATE refunds SET due_ms = ?, record = ? WHERE id = ?;

-- name: refund_by_id
SELECT record FROM refunds WHERE id = ?;

-- name: refund_by_row
SELECT record FROM refunds WHERE seq = ?;

-- name: refund_by_reference
SELECT record FROM refunds WHERE account = ? AND reference = ?;

-- name: refunds_of
SELECT record FROM refunds WHERE ?1 IS NULL OR payment = ?1 ORDER BY seq LIMIT ?2;

-- name: refunds_created
SELECT record
  FROM refunds
 WHERE account = ?1 AND seq > coalesce((SELECT seq FROM refunds WHERE id = ?4), 0)
   AND json_extract(CAST(record AS TEXT), '$.created_ms') >= ?2 AND json_extract(CAST(record AS TEXT), '$.created_ms') < ?3
 ORDER BY seq LIMIT ?5;

-- name: due_refunds
SELECT seq, due_ms FROM refunds WHERE due_ms IS NOT NULL;

-- name: insert_answer
INSERT INTO idempotency (account, key, fingerprint, answer, created_ms) VALUES (?, ?, ?, ?, ?);

-- name: answer
SELECT fingerprint, answer FROM idempotency WHERE account = ? AND key = ?;

-- name: insert_token
INSERT INTO tokens (id, account, acts_like, expires_ms, used) VALUES (?, ?, ?, ?, ?);

-- name: token
SELECT id, account, acts_like, expires_ms, used FROM tokens WHERE id = ?;

-- name: use_token
UPDATE tokens SET used = 1 WHERE id = ?;

-- name: insert_step
INSERT INTO steps (payment, due_ms, status, failure_code) VALUES (?, ?, ?, ?);

-- name: step
SELECT payment, due_ms, status, failure_code FROM steps WHERE id = ?;

-- name: delete_step
DELETE FROM steps WHERE id = ?;

-- name: delete_steps_of
DELETE FROM steps WHERE payment = ?;

-- name: all_steps
SELECT id, due_ms FROM steps;

-- name: put_faults
INSERT INTO faults (only, record) VALUES (1, ?) ON CONFLICT (only) DO UPDATE SET record = excluded.record;

-- name: faults
SELECT record FROM faults;
