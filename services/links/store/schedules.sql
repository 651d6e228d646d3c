-- name: list_scheduled
-- A page of the links that a buyer could pay now and whose mail is due in a window, both ends included. What has ended
-- or lapsed is left out here; `Gate.refusal` has the last word.
SELECT * FROM link_now
WHERE scheduled_at >= $1 AND scheduled_at <= $2
  AND (scheduled_at, id) > ($3, $4)
  AND recipient IS NOT NULL AND ended_at IS NULL AND paused_at IS NULL
  AND (expires_at IS NULL OR expires_at > $5)
  AND ($6::uuid IS NULL OR org_id = $6) AND ($7::boolean IS NULL OR livemode = $7)
ORDER BY scheduled_at, id
LIMIT $8;

-- name: count_scheduled
-- As far as the limit, and one more.
SELECT count(*) FROM (
    SELECT FROM link
    WHERE scheduled_at >= $1 AND scheduled_at <= $2
      AND recipient IS NOT NULL AND ended_at IS NULL AND paused_at IS NULL
      AND (expires_at IS NULL OR expires_at > $3)
      AND ($4::uuid IS NULL OR org_id = $4) AND ($5::boolean IS NULL OR livemode = $5)
    LIMIT $6
) AS found;
