-- name: list_open_of_recipient
-- A page of the links of an address that could still be paid, now or once they are resumed, in the order of their ids.
SELECT id, org_id FROM link
WHERE lower(recipient ->> 'email') = $1 AND livemode = $2 AND ($3::uuid IS NULL OR org_id = $3)
  AND ended_at IS NULL AND (expires_at IS NULL OR expires_at > $4)
  AND id > $5
ORDER BY id
LIMIT $6;
