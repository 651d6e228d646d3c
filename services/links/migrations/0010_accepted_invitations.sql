-- What was accepted is remembered by its digest, so that a second visit is told so, and not that there never was one.
ALTER TABLE membership ADD COLUMN accepted_sha256 bytea CONSTRAINT membership_accepted UNIQUE;
