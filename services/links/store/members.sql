-- name: insert_person
-- One address is one person: whoever is second is told so.
INSERT INTO member (id, email, name, password_hash, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $5)
ON CONFLICT (email) DO NOTHING
RETURNING id;

-- name: find_person
SELECT id, email, name, password_hash FROM member WHERE email = $1;

-- name: lock_person
SELECT id, email, name, password_hash FROM member WHERE id = $1 FOR UPDATE;

-- name: set_password
UPDATE member SET password_hash = $2, updated_at = $3 WHERE id = $1;

-- name: set_name
UPDATE member SET name = $2, updated_at = $3 WHERE id = $1;

-- name: replace_hash
-- Only in place of the one that was checked: a password that was changed meanwhile stays.
UPDATE member SET password_hash = $3 WHERE id = $1 AND password_hash = $2;

-- name: forget_person
-- Who belongs to nothing any more is forgotten, with their sign-ins.
DELETE FROM member WHERE id = $1 AND NOT EXISTS (SELECT FROM membership WHERE member_id = $1);

-- name: insert_membership
INSERT INTO membership (member_id, org_id, role, invitation_sha256, invitation_expires_at, joined_at, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (org_id, member_id) DO NOTHING
RETURNING member_id;

-- name: find_member
-- Whoever is invited only, and known elsewhere, has no name here yet: an invitation must not tell whose an address is.
SELECT member.id, org_id, email,
       CASE WHEN joined_at IS NULL AND EXISTS (SELECT FROM membership AS other
                                               WHERE other.member_id = member.id AND other.org_id <> membership.org_id)
            THEN email ELSE name END AS name,
       role, membership.created_at, joined_at, invitation_expires_at
FROM membership JOIN member ON member.id = member_id
WHERE org_id = $1 AND member_id = $2;

-- name: find_joined
-- Where they sign in: the organization that they name, else the one that they joined first.
SELECT member.id, org_id, email, name, role, membership.created_at, joined_at, invitation_expires_at
FROM membership JOIN member ON member.id = member_id
WHERE member_id = $1 AND joined_at IS NOT NULL AND ($2::uuid IS NULL OR org_id = $2)
ORDER BY joined_at, org_id
LIMIT 1;

-- name: lock_invited
SELECT member.id, org_id, email, name, role, membership.created_at, joined_at, invitation_expires_at
FROM membership JOIN member ON member.id = member_id
WHERE invitation_sha256 = $1
FOR UPDATE;

-- name: find_invited
-- With what the page of the invitation says; a person without a password is new here.
SELECT member.id, org_id, email, name, role, membership.created_at, joined_at, invitation_expires_at,
       password_hash IS NULL AS is_new
FROM membership JOIN member ON member.id = member_id
WHERE invitation_sha256 = $1;

-- name: was_accepted
SELECT EXISTS (SELECT FROM membership WHERE accepted_sha256 = $1);

-- name: list_members
-- With names as in `find_member`.
SELECT member.id, org_id, email,
       CASE WHEN joined_at IS NULL AND EXISTS (SELECT FROM membership AS other
                                               WHERE other.member_id = member.id AND other.org_id <> membership.org_id)
            THEN email ELSE name END AS name,
       role, membership.created_at, joined_at, invitation_expires_at
FROM membership JOIN member ON member.id = member_id
WHERE org_id = $1 AND member_id < $2
ORDER BY member_id DESC
LIMIT $3;

-- name: count_other_owners
SELECT count(*) FROM membership
WHERE org_id = $1 AND member_id <> $2 AND role = 'owner' AND joined_at IS NOT NULL;

-- name: is_elsewhere
SELECT EXISTS (SELECT FROM membership WHERE member_id = $2 AND org_id <> $1);

-- name: set_role
UPDATE membership SET role = $3 WHERE org_id = $1 AND member_id = $2;

-- name: join
UPDATE membership
SET joined_at = $3, accepted_sha256 = invitation_sha256, invitation_sha256 = NULL, invitation_expires_at = NULL
WHERE org_id = $1 AND member_id = $2;

-- name: delete_membership
DELETE FROM membership WHERE org_id = $1 AND member_id = $2;
