-- Looking on X for what became of an action whose outcome nobody knows: a row
-- for each unknown action, gone when it is settled.
CREATE TABLE lookups (
  action_id TEXT    NOT NULL PRIMARY KEY REFERENCES actions (id),
  looks     INTEGER NOT NULL CHECK (looks >= 0),
  absent    INTEGER NOT NULL CHECK (absent >= 0),
  last_at   INTEGER NOT NULL,
  next_at   INTEGER NOT NULL, -- 0: nobody looks again by itself
  found     TEXT    NOT NULL  -- what the last look showed, in plain words
) STRICT, WITHOUT ROWID;
CREATE INDEX lookups_next ON lookups (next_at, action_id) WHERE next_at > 0;

-- Those that nobody could look for until now.
INSERT INTO lookups (action_id, looks, absent, last_at, next_at, found)
SELECT id, 0, 0, 0, updated_at + 1, '' FROM actions WHERE state = 'unknown';

-- Refusals of sends to the user since the last one that X took.
ALTER TABLE conversations ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0 CHECK (refusals >= 0);
