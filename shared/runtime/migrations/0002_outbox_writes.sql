-- A fact cost nine entries in the log: its row and three in indexes when it is written, one when it is numbered, and
-- all over again when it is marked. No index on the id: nothing looks for it, and it is made from 74 random bits.
-- The position names a row that waits; what was sent is found by the time at which it was.
ALTER TABLE outbox DROP CONSTRAINT outbox_pkey;
-- Room on its page for the row that replaces it: numbering then writes to no index, and little to the log.
ALTER TABLE outbox SET (fillfactor = 50);
ALTER TABLE outbox_sequence SET (fillfactor = 80);
