-- Keys that text on the bus and in the database is sealed with, by bot, user and
-- day, or for one message; themselves sealed with the host's key. A text whose
-- row is gone from here cannot be read by anybody, in no copy.
CREATE TABLE text_keys (
  id      TEXT    NOT NULL PRIMARY KEY,
  bot     TEXT    NOT NULL,
  user_id TEXT    NOT NULL,
  day     INTEGER NOT NULL,
  message TEXT    NOT NULL, -- '': all of the day; '/...': retired
  sealed  BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX text_keys_of ON text_keys (user_id, bot, day, message);
CREATE INDEX text_keys_day ON text_keys (day);
