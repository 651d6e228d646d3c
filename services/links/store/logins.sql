-- name: insert_login
-- Only while the password is the one that was checked: changing it ends the sign-ins that it sees.
INSERT INTO login (id, member_id, org_id, livemode, kind, user_agent, created_at, expires_at)
SELECT $1, id, $3, $4, $5, $6, $7, $8 FROM member WHERE id = $2 AND password_hash = $9
RETURNING id;

-- name: find_session
-- Nothing for a member who has left: their sign-ins end with it.
SELECT login.*, email, name, role, membership.created_at AS member_since, joined_at
FROM login
JOIN membership USING (member_id, org_id)
JOIN member ON member.id = login.member_id
WHERE login.id = $1 AND joined_at IS NOT NULL;

-- name: end_login
UPDATE login SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL;

-- name: end_logins_of
-- All of a person, or those to one organization; but for the one that asks.
UPDATE login SET ended_at = $4
WHERE member_id = $1 AND ended_at IS NULL AND ($2::uuid IS NULL OR org_id = $2) AND ($3::uuid IS NULL OR id <> $3);

-- name: mark_logins_used
UPDATE login SET last_used_at = greatest(login.last_used_at, used.at)
FROM unnest($1::uuid[], $2::timestamptz[]) AS used (id, at)
WHERE login.id = used.id;

-- name: forget_logins
DELETE FROM login WHERE id IN (SELECT id FROM login WHERE expires_at < $1 ORDER BY expires_at LIMIT 5000);
