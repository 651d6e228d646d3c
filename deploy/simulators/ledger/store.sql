-- name: schema
CREATE TABLE IF NOT EXISTS payments (row INTEGER PRIMARY KEY, account TEXT NOT NULL, reference TEXT NOT NULL,
    record BLOB NOT NULL, UNIQUE (account, reference));
CREATE TABLE IF NOT EXISTS refunds (row INTEGER PRIMARY KEY, account TEXT NOT NULL, reference TEXT NOT NULL,
    payment INTEGER NOT NULL, record BLOB NOT NULL, UNIQUE (account, reference));
CREATE TABLE IF NOT EXISTS steps (row INTEGER PRIMARY KEY, payment INTEGER NOT NULL, due_ms INTEGER NOT NULL,
    record BLOB NOT NULL);

-- name: add_payment
INSERT INTO payments (account, reference, record) VALUES (?, ?, ?);

-- name: put_payment
UPDATE payments SET record = ? WHERE row = ?;

-- name: payment
SELECT row, record FROM payments WHERE row = ?;

-- name: payment_by
SELECT row, record FROM payments WHERE reference = ?1 AND (?2 IS NULL OR account = ?2) LIMIT 1;

-- name: payments
SELECT row, record FROM payments WHERE (?1 IS NULL OR reference = ?1) AND row > ?2 ORDER BY row LIMIT ?3;

-- name: add_refund
INSERT INTO refunds (account, reference, payment, record) VALUES (?, ?, ?, ?);

-- name: put_refund
UPDATE refunds SET record = ? WHERE row = ?;

-- name: refund_by
SELECT row, record FROM refunds WHERE account = ? AND reference = ?;

-- name: refunds
SELECT row, record FROM refunds WHERE payment = ? ORDER BY row;

-- name: refund
SELECT row, record FROM refunds WHERE row = ?;

-- name: add_step
INSERT INTO steps (payment, due_ms, record) VALUES (?, ?, ?);

-- name: step
SELECT record FROM steps WHERE row = ?;

-- name: steps
SELECT row, due_ms FROM steps;

-- name: drop_step
DELETE FROM steps WHERE row = ?;

-- name: drop_steps_of
DELETE FROM steps WHERE payment = ?;
