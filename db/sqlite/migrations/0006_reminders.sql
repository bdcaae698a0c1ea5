-- What becomes due while a user leaves an open flow unanswered: a reminder by
-- DM, the end of the flow, or both. Whatever the user says puts it off. Gone once
-- it was done.
-- sealed is text of people, like action_texts.
CREATE TABLE reminders (
  id       TEXT    NOT NULL PRIMARY KEY,
  bot      TEXT    NOT NULL,
  user_id  TEXT    NOT NULL,
  due_at   INTEGER NOT NULL,
  after    INTEGER NOT NULL CHECK (after > 0), -- of silence, in milliseconds
  asked_at INTEGER NOT NULL, -- when its event was put on the bus; 0: not yet
  since    INTEGER NOT NULL, -- the user's own time of what they said last
  flow     TEXT    NOT NULL, -- the position that was left unanswered
  closes   INTEGER NOT NULL CHECK (closes = 0 OR closes = 1),
  sealed   BLOB    NOT NULL  -- empty: nothing is said
) STRICT;
CREATE INDEX reminders_due ON reminders (due_at, id) WHERE asked_at = 0;
CREATE INDEX reminders_to ON reminders (bot, user_id);
