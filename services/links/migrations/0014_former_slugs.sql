-- Slugs that a link had and gave up. They stand on what was printed and mailed, so they lead to that link until another
-- one of its organization takes them, and nobody else ever does. A slug that stands in `link` is that link's, whatever
-- stands here. No foreign key, as in link_revision: links are never deleted.
CREATE TABLE former_slug (
    slug     text PRIMARY KEY,
    link_id  uuid NOT NULL,
    org_id   uuid NOT NULL,
    livemode boolean NOT NULL,
    since    timestamptz NOT NULL
);

-- Kept here, so that a process of the old version keeps them, too, while this is being rolled out.
CREATE FUNCTION link_slug_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO former_slug (slug, link_id, org_id, livemode, since)
    VALUES (OLD.slug, OLD.id, OLD.org_id, OLD.livemode, NEW.updated_at)
    ON CONFLICT (slug) DO UPDATE
    SET link_id = excluded.link_id, org_id = excluded.org_id, livemode = excluded.livemode, since = excluded.since;
    RETURN NULL;
END $$;

-- After the row is in the unique index, with a look of its own: a statement that began before the slug was given up has
-- waited for that in the index, and would not see it with the eyes it began with. By the index' name, since to whoever
-- asks it is the same: the slug is taken. What buyers paid at for real never leads to a test.
CREATE FUNCTION link_slug_free() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM former_slug AS former
        WHERE former.slug = NEW.slug AND (former.org_id <> NEW.org_id OR (former.livemode AND NOT NEW.livemode))
    ) THEN
        RAISE unique_violation
            USING MESSAGE = 'the slug was that of a link of somebody else', CONSTRAINT = 'link_slug';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER link_slug_made AFTER INSERT ON link FOR EACH ROW EXECUTE FUNCTION link_slug_free();
CREATE TRIGGER link_slug_taken AFTER UPDATE OF slug ON link
    FOR EACH ROW WHEN (OLD.slug <> NEW.slug) EXECUTE FUNCTION link_slug_free();
CREATE TRIGGER link_slug_kept AFTER UPDATE OF slug ON link
    FOR EACH ROW WHEN (OLD.slug <> NEW.slug) EXECUTE FUNCTION link_slug_kept();

-- What history knows. Of one that several links had, the last; what somebody has now stays theirs.
INSERT INTO former_slug (slug, link_id, org_id, livemode, since)
SELECT DISTINCT ON (slug) kept.document ->> 'slug' AS slug, link.id, link.org_id, link.livemode, kept.changed_at
FROM link_revision AS kept
JOIN link ON link.id = kept.link_id
WHERE kept.document ->> 'slug' <> link.slug
  AND NOT EXISTS (SELECT FROM link AS holder WHERE holder.slug = kept.document ->> 'slug')
ORDER BY slug, kept.changed_at DESC;
