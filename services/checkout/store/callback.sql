-- name: insert_callback
INSERT INTO callback (id, org_id, account_id, provider, event_id, headers, body, verdict, received_at)
VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8, $9);

-- name: insert_refused_callback
WITH told AS (
    INSERT INTO outbox (id, type, subject, link_id, data, traceparent, created_at) VALUES ($10, $11, $12, $13, $14, $15, $9)
)
INSERT INTO callback (id, org_id, account_id, provider, event_id, headers, body, verdict, received_at, applied_at)
VALUES ($1, $2, $3, $4, $5, $6::text::jsonb, $7, $8, $9, $9);

-- name: take_callbacks
SELECT callback.id, callback.org_id, callback.account_id, callback.provider, callback.body, account.external_id
FROM callback
JOIN provider_account AS account ON account.id = callback.account_id
WHERE callback.verdict = 'received' AND (callback.retry_at IS NULL OR callback.retry_at <= $1)
ORDER BY callback.id
LIMIT $2
FOR UPDATE OF callback SKIP LOCKED;

-- name: set_aside
UPDATE callback SET retry_at = $2
WHERE id = (SELECT id FROM callback
            WHERE verdict = 'received' AND (retry_at IS NULL OR retry_at <= $1)
            ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id;
