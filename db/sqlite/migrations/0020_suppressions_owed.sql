-- Suppressions that the store outside the database has not had yet in their
-- present form. rev grows with every write of the suppression, so that what was
-- written meanwhile stays owed.
CREATE TABLE suppressions_owed (
  user_hash TEXT    NOT NULL PRIMARY KEY,
  rev       INTEGER NOT NULL CHECK (rev > 0)
) STRICT, WITHOUT ROWID;
INSERT INTO suppressions_owed SELECT user_hash, 1 FROM suppressions;
