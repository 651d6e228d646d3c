-- name: challenge
-- A newer request takes the place of the older one. Attempts that were made stay made, unless one was right or their
-- hour is over.
INSERT INTO otp_challenge AS old
    (id, email, scope, org_id, code_hash, sealed_code, attempts, budget_until, asked_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8, $9)
ON CONFLICT (email, scope) DO UPDATE
SET id = excluded.id, org_id = excluded.org_id, code_hash = excluded.code_hash, sealed_code = excluded.sealed_code,
    attempts = CASE WHEN old.verified_at IS NULL AND old.budget_until > $10 THEN old.attempts ELSE 0 END,
    budget_until = CASE WHEN old.verified_at IS NULL AND old.budget_until > $10 THEN old.budget_until
                        ELSE excluded.budget_until END,
    asked_at = excluded.asked_at, expires_at = excluded.expires_at, verified_at = NULL
WHERE old.asked_at < excluded.asked_at
RETURNING attempts;

-- name: guess
-- The attempt and the comparison are one statement: of any number at once, those beyond the limit find no row.
UPDATE otp_challenge
SET attempts = attempts + 1,
    verified_at = CASE WHEN code_hash = $3 THEN $4::timestamptz END,
    sealed_code = CASE WHEN code_hash = $3 OR attempts + 1 >= $5 THEN NULL ELSE sealed_code END
WHERE email = $1 AND scope = $2 AND verified_at IS NULL AND expires_at > $4 AND attempts < $5
RETURNING id, verified_at;

-- name: confirm
-- Right: nothing is used up, and one that was live counts as verified from now on. Wrong: an attempt is gone.
UPDATE otp_challenge
SET attempts = attempts + (code_hash <> $3)::integer,
    verified_at = coalesce(verified_at, CASE WHEN code_hash = $3 THEN $4::timestamptz END),
    sealed_code = CASE WHEN code_hash = $3 THEN NULL ELSE sealed_code END
WHERE email = $1 AND scope = $2 AND attempts < $5
  AND (verified_at IS NULL AND expires_at > $4 OR verified_at > $6)
RETURNING id, CASE WHEN code_hash = $3 THEN verified_at END AS verified_at;

-- name: find_standing
SELECT attempts, budget_until, expires_at, verified_at FROM otp_challenge WHERE email = $1 AND scope = $2;

-- name: find_sealed
-- Nothing where the code is used, over, or has been replaced: its mail is then not sent any more.
SELECT sealed_code FROM otp_challenge WHERE id = $1 AND verified_at IS NULL AND expires_at > $2;

-- name: erase_sealed
UPDATE otp_challenge SET sealed_code = NULL WHERE sealed_code IS NOT NULL AND expires_at <= $1;

-- name: forget_challenges
-- Not before the attempts would be given back anyway, and not while a code still says whom it was right for.
DELETE FROM otp_challenge WHERE budget_until <= $1 AND expires_at <= $1 AND (verified_at IS NULL OR verified_at <= $2);
