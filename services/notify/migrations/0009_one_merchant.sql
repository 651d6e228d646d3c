-- Reminders and webhooks each kept the organization's name and address: from here on both read `merchant`.

-- Any fact about an organization is newer than revision -1, and brings all of it.
INSERT INTO merchant (org_id, revision, view, reminders)
SELECT org_id, -1,
       jsonb_build_object('name', name, 'support_email', support_email, 'locale', locale, 'timezone', timezone), '{}'
FROM webhook_contact
ON CONFLICT (org_id) DO NOTHING;

DROP TABLE webhook_contact;
