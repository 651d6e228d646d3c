-- A callback's account was looked up a moment before, and accounts are never deleted. The foreign key locked the
-- account's one row with every callback, and many at a time made of that a set of lockers to be logged, too.
ALTER TABLE callback DROP CONSTRAINT callback_account_id_fkey;
