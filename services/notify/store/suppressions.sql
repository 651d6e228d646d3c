-- name: list_suppressions
SELECT id, address, answer, mail_id, created_at
FROM suppression
WHERE org_id = $1 AND ($2::text IS NULL OR address = $2) AND ($3::uuid IS NULL OR id < $3)
ORDER BY id DESC
LIMIT $4;

-- name: lift
DELETE FROM suppression WHERE id = $1 AND org_id = $2 RETURNING id;
