-- name: lock_keys
-- Of several replicas that find no key one makes it.
LOCK TABLE signing_key IN SHARE ROW EXCLUSIVE MODE;

-- name: list_keys
SELECT kid, public_x, sealed_private, signs_from, signs_until
FROM signing_key
WHERE purpose = $1 AND signs_until > $2
ORDER BY signs_from, kid;

-- name: insert_key
INSERT INTO signing_key (kid, purpose, public_x, sealed_private, signs_from, signs_until, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: end_keys
-- Those that have not begun yet would have begun after the one that ends.
UPDATE signing_key SET signs_from = least(signs_from, $2 - interval '1 microsecond'), signs_until = $2
WHERE purpose = $1 AND signs_until > $2;

-- name: delete_keys
DELETE FROM signing_key WHERE purpose = $1 AND signs_until <= $2;
