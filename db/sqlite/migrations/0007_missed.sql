-- Messages in a row that no handler understood.
ALTER TABLE conversations ADD COLUMN missed INTEGER NOT NULL DEFAULT 0;
