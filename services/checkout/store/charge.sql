-- name: reserve_charge
-- Of all who want to pay one session at once, the row lock lets one through: the others find it paying and join.
-- A phone that is being asked already refuses the whole statement (charge_prompt_once).
WITH over AS (
    UPDATE charge SET prompt_phone = NULL WHERE account_id = $4 AND prompt_phone = $14 AND prompt_until <= $2 RETURNING id
),
mine AS (
    UPDATE session SET status = 'paying', version = version + 1, updated_at = $2
    WHERE id = $1 AND status = 'open' AND expires_at > $2
    RETURNING *
)
INSERT INTO charge (id, session_id, org_id, link_id, livemode, account_id, provider, method, reference, total_minor,
                    currency, status, payer_phone, held_until, absent_after, next_poll_at, traceparent, routing,
                    prompt_phone, prompt_until, created_at, updated_at)
SELECT $3, mine.id, mine.org_id, mine.link_id, mine.livemode, $4, $5, $6, $7, mine.total_minor,
       mine.currency, 'created', $8, $9, $10, $11, $12, $13::text::jsonb, $14, $15, $2, $2
FROM mine, (SELECT count(*) FROM over) AS cleared
RETURNING id;

-- name: fail_over
-- The first has reached nobody: it ends, unannounced, and the next one takes its place in the session, which goes on
-- paying. Only while nobody was told of it and nothing else has moved it.
WITH over AS (
    UPDATE charge SET prompt_phone = NULL WHERE account_id = $4 AND prompt_phone = $14 AND prompt_until <= $2 RETURNING id
),
gone AS (
    UPDATE charge SET status = 'failed', failure_reason = 'provider_error', prompt_phone = NULL, updated_at = $2
    WHERE id = $1 AND status = 'created' AND version = 0
    RETURNING *
)
INSERT INTO charge (id, session_id, org_id, link_id, livemode, account_id, provider, method, reference, total_minor,
                    currency, status, payer_phone, held_until, absent_after, next_poll_at, traceparent, routing,
                    prompt_phone, prompt_until, created_at, updated_at)
SELECT $3, gone.session_id, gone.org_id, gone.link_id, gone.livemode, $4, $5, $6, $7, gone.total_minor,
       gone.currency, 'created', $8, $9, $10, $11, $12, $13::text::jsonb, $14, $15, $2, $2
FROM gone, (SELECT count(*) FROM over) AS cleared
RETURNING id;

-- name: prompt_until
SELECT prompt_until FROM charge WHERE account_id = $1 AND prompt_phone = $2;

-- name: undo_reservation
-- Only what nobody was told of, here or at the provider, may vanish.
WITH gone AS (
    DELETE FROM charge WHERE id = $1 AND status = 'created' AND version = 0
    RETURNING session_id
)
UPDATE session SET status = 'open', version = version + 1, updated_at = $2, expires_at = greatest(expires_at, $3)
FROM gone
WHERE session.id = gone.session_id AND session.status = 'paying';

-- name: ask_soon
UPDATE charge SET next_poll_at = $2, absent_after = coalesce($3, absent_after), absent_reason = $4 WHERE id = $1 AND status = 'created';

-- name: claim_due
-- Claiming moves the next poll ahead at once: it is the lease, and whoever dies with it loses one turn.
WITH due AS (
    SELECT id, CASE method WHEN 'mobile_money' THEN $5::float8[] WHEN 'bank_transfer' THEN $6::float8[]
                           ELSE $3::float8[] END AS schedule
    FROM charge
    WHERE (status IN ('created', 'pending') OR (status IN ('failed', 'expired') AND looks_back < 5))
      AND next_poll_at <= $1
    ORDER BY next_poll_at
    LIMIT $2
    FOR UPDATE SKIP LOCKED
)
UPDATE charge
SET polls = polls + CASE WHEN charge.status IN ('failed', 'expired') THEN 0 ELSE 1 END,
    looks_back = looks_back + CASE WHEN charge.status IN ('failed', 'expired') THEN 1 ELSE 0 END,
    next_poll_at = CASE WHEN charge.status IN ('failed', 'expired')
        THEN $1 + make_interval(secs => ($4::float8[])[least(charge.looks_back + 2, cardinality($4::float8[]))])
        ELSE least(
        $1 + make_interval(
            secs => due.schedule[least(charge.polls + 1, cardinality(due.schedule))] * (0.9 + 0.2 * random())),
        -- The moment at which a "no such payment" ends a charge that was never started; a buyer waits for it.
        CASE WHEN charge.status = 'created' AND charge.absent_after > $1 THEN charge.absent_after END) END
FROM due
WHERE charge.id = due.id
RETURNING charge.id, charge.org_id, charge.link_id, charge.session_id, charge.account_id, charge.provider, charge.reference,
          charge.provider_id, charge.method, charge.total_minor, charge.currency, charge.created_at, charge.status, charge.held_until, charge.absent_after, charge.absent_reason, charge.next_poll_at;

-- name: extend_hold
UPDATE charge SET held_until = $2 WHERE id = $1 AND held_until < $2;

-- name: lock_charges
-- In the order of ids, so that two who lock several never wait for each other.
SELECT charge.*, charge.next_action::text AS next_action_text,
       session.status AS session_status, session.link::text AS link, session.email, session.name, session.phone, session.locale
FROM charge
JOIN session ON session.id = charge.session_id
WHERE charge.reference = ANY($1::text[])
ORDER BY charge.id
FOR UPDATE OF charge;

-- name: write_changes
-- Charges, their sessions, the verdicts, the facts and the lines of the ledger, together. A charge that has moved on since it was read
-- (another version) is left alone, and so is what would have been told of it.
WITH changed AS (
    UPDATE charge
    SET status = new.status, version = new.version, provider_id = new.provider_id, failure_reason = new.failure_reason,
        payer_last4 = new.payer_last4, card_brand = new.card_brand, next_action = new.next_action::jsonb,
        event_ids = string_to_array(new.event_ids, ' '), payment_id = coalesce(new.payment_id, charge.payment_id),
        next_poll_at = coalesce(new.next_poll_at, charge.next_poll_at),
        prompt_phone = CASE WHEN new.status IN ('created', 'pending') THEN charge.prompt_phone END,
        prompt_until = coalesce(CASE WHEN new.next_action::jsonb ->> 'type' = 'prompt'
                                     THEN (new.next_action::jsonb ->> 'expires_at')::timestamptz END, charge.prompt_until),
        -- The same version: only the bookkeeping of events changed, and the receipt's date stays.
        updated_at = CASE WHEN charge.version = new.version THEN charge.updated_at ELSE $1 END
    FROM unnest($2::uuid[], $3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[],
                $10::text[], $11::text[], $12::timestamptz[], $37::text[])
        AS new (id, version_before, status, version, provider_id, failure_reason, payer_last4, card_brand, next_action,
                event_ids, next_poll_at, payment_id)
    WHERE charge.id = new.id AND charge.version = new.version_before
    RETURNING charge.id, charge.session_id, charge.status, charge.version <> new.version_before AS moved
),
moved AS (
    UPDATE session
    SET status = CASE WHEN one.paid THEN 'paid'
                      WHEN one.ended AND session.status = 'paying' THEN 'open'
                      ELSE session.status END,
        paid_at = CASE WHEN one.paid THEN coalesce(session.paid_at, $1) ELSE session.paid_at END,
        expires_at = CASE WHEN one.ended AND session.status = 'paying' THEN greatest(session.expires_at, $13)
                          ELSE session.expires_at END,
        version = session.version + 1,
        updated_at = $1
    FROM (
        SELECT session_id, bool_or(status = 'succeeded') AS paid, bool_or(status IN ('failed', 'expired')) AS ended
        FROM changed
        -- A callback that repeats how a charge failed must not open the session again: the next try may be under way.
        WHERE changed.moved
        GROUP BY session_id
    ) AS one
    WHERE session.id = one.session_id
),
judged AS (
    UPDATE callback
    SET verdict = said.verdict, charge_id = said.charge_id, applied_at = $1
    FROM unnest($14::uuid[], $15::text[], $16::uuid[]) AS said (id, verdict, charge_id)
    WHERE callback.id = said.id
),
told AS (
    INSERT INTO outbox (id, type, subject, link_id, data, traceparent, created_at)
    SELECT fact.id, fact.type, fact.subject, fact.link_id, fact.data, fact.traceparent, fact.created_at
    FROM unnest($17::uuid[], $18::text[], $19::text[], $20::uuid[], $21::bytea[], $22::text[], $23::timestamptz[], $24::uuid[])
        WITH ORDINALITY AS fact (id, type, subject, link_id, data, traceparent, created_at, about, place)
    WHERE fact.about IS NULL OR fact.about IN (SELECT changed.id FROM changed)
    ORDER BY fact.place
),
posted AS (
    INSERT INTO ledger_entry (transaction_id, line, kind, source_id, org_id, livemode, charge_id, link_id, account, owner_id,
                              amount_minor, currency, created_at)
    SELECT entry.*, $1
    FROM unnest($25::uuid[], $26::smallint[], $27::text[], $28::uuid[], $29::uuid[], $30::boolean[], $31::uuid[], $32::uuid[],
                $33::text[], $34::uuid[], $35::bigint[], $36::text[])
        AS entry (transaction_id, line, kind, source_id, org_id, livemode, charge_id, link_id, account, owner_id,
                  amount_minor, currency)
    WHERE entry.charge_id IN (SELECT changed.id FROM changed)
    ON CONFLICT ON CONSTRAINT ledger_once DO NOTHING
),
asked AS (
    INSERT INTO fee_ask (charge_id, next_ask_at)
    SELECT changed.id, $39 FROM changed WHERE changed.id = ANY($38::uuid[])
    ON CONFLICT DO NOTHING
)
SELECT id FROM changed;
