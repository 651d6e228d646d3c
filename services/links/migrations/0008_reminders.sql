-- When whom a link is made for is reminded of it.
ALTER TABLE organization ADD COLUMN reminders jsonb NOT NULL DEFAULT '{}';
ALTER TABLE link ADD COLUMN reminders jsonb;  -- none: as the organization has it

DROP VIEW link_now;
CREATE VIEW link_now AS
SELECT link.*, uses.uses_max, uses.used, uses.held, uses.uses_version, uses.exhausted_at
FROM link
CROSS JOIN LATERAL (
    SELECT uses_max, used, held, version AS uses_version, exhausted_at
    FROM link_uses
    WHERE link_id = link.id
    LIMIT 1
) AS uses;
