-- The erasure of one user: under way as long as its step is not done. user_id is
-- empty from the step scrub on. counts are JSON, table to number; they stay as
-- the receipt, which tells of nobody.
CREATE TABLE erasures (
  id        TEXT    NOT NULL PRIMARY KEY,
  bot       TEXT    NOT NULL, -- '': every bot
  user_id   TEXT    NOT NULL,
  step      TEXT    NOT NULL CHECK (
    step = 'asked' OR step = 'rows' OR step = 'bus' OR step = 'decisions' OR step = 'scrub' OR step = 'done'),
  asked_by  TEXT    NOT NULL,
  asked_at  INTEGER NOT NULL,
  start_by  INTEGER NOT NULL, -- not later than this, whatever became of after
  after_id  TEXT    NOT NULL, -- the action that goes out first; '': none
  erased_at INTEGER NOT NULL,
  done_at   INTEGER NOT NULL,
  position  INTEGER NOT NULL, -- the last decision that was looked at
  counts    TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- What is asked of a user's erasure.
CREATE INDEX conversations_user ON conversations (user_id);
CREATE INDEX interactions_user ON interactions (user_id);
CREATE INDEX actions_user ON actions (user_id);

-- Actions of which only is left that something was answered, until nothing can
-- ask again.
CREATE TABLE erased_actions (
  action_id TEXT    NOT NULL PRIMARY KEY,
  erased_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
