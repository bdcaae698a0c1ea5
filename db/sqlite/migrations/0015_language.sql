-- The language that a user wrote in last, as two letters or three; '': not known.
-- The host's own fixed texts are said in it.
ALTER TABLE conversations ADD COLUMN lang TEXT NOT NULL DEFAULT '';
