-- name: schema
CREATE TABLE IF NOT EXISTS documents (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, account TEXT NOT NULL,
    reference TEXT, due_ms INTEGER, record BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS documents_by_reference ON documents (kind, account, reference);
CREATE INDEX IF NOT EXISTS documents_due ON documents (due_ms) WHERE due_ms IS NOT NULL;
CREATE TABLE IF NOT EXISTS answers (
    account TEXT NOT NULL, key TEXT NOT NULL, fingerprint BLOB NOT NULL, status INTEGER NOT NULL, body BLOB NOT NULL,
    created_ms INTEGER NOT NULL, PRIMARY KEY (account, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, record BLOB NOT NULL) WITHOUT ROWID;

-- name: put
INSERT INTO documents (id, kind, account, reference, due_ms, record) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET reference = excluded.reference, due_ms = excluded.due_ms, record = excluded.record
RETURNING seq;

-- name: get
SELECT record FROM documents WHERE kind = ? AND id = ?;

-- name: by_reference
SELECT record FROM documents WHERE kind = ? AND account = ? AND reference = ? ORDER BY seq;

-- name: all
SELECT record FROM documents WHERE kind = ?1 AND (?2 IS NULL OR account = ?2) ORDER BY seq;

-- name: due
SELECT seq, due_ms FROM documents WHERE due_ms IS NOT NULL;

-- name: of_row
SELECT kind, id, due_ms FROM documents WHERE seq = ?;

-- name: keep_answer
INSERT INTO answers (account, key, fingerprint, status, body, created_ms) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (account, key) DO UPDATE SET fingerprint = excluded.fingerprint, status = excluded.status,
    body = excluded.body, created_ms = excluded.created_ms;

-- name: answer
SELECT fingerprint, status, body FROM answers WHERE account = ? AND key = ? AND created_ms >= ?;

-- name: put_setting
INSERT INTO settings (name, record) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET record = excluded.record;

-- name: setting
SELECT record FROM settings WHERE name = ?;
