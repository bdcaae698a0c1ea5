-- What handlers outside of this process are asked, and what they were asked
-- about: the text stands apart (D5) and goes when the question ends.
CREATE TABLE questions (
  id          TEXT    NOT NULL PRIMARY KEY,
  bot         TEXT    NOT NULL,
  user_id     TEXT    NOT NULL,
  event_id    TEXT    NOT NULL,
  interaction TEXT    NOT NULL,
  handler     TEXT    NOT NULL,
  state       TEXT    NOT NULL CHECK (
    state = 'open' OR state = 'answered' OR state = 'failed' OR state = 'withdrawn'),
  asked_at    INTEGER NOT NULL,
  deadline    INTEGER NOT NULL,
  next_at     INTEGER NOT NULL,
  attempts    INTEGER NOT NULL CHECK (attempts >= 0),
  reason      TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX questions_next ON questions (next_at, id) WHERE state = 'open';
CREATE INDEX questions_user ON questions (user_id, id) WHERE state = 'open';
CREATE INDEX questions_asked ON questions (asked_at, id) WHERE state <> 'open';

CREATE TABLE question_texts (
  question_id TEXT NOT NULL PRIMARY KEY REFERENCES questions (id),
  sealed      BLOB NOT NULL
) STRICT;

-- Each time that something of X's left for a third party, without its text.
CREATE TABLE handouts (
  question_id TEXT    NOT NULL,
  attempt     INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  bot         TEXT    NOT NULL,
  recipient   TEXT    NOT NULL,
  what        TEXT    NOT NULL CHECK (what IN ('post', 'dm')),
  bytes       INTEGER NOT NULL CHECK (bytes >= 0),
  PRIMARY KEY (question_id, attempt)
) STRICT, WITHOUT ROWID;
CREATE INDEX handouts_to ON handouts (recipient, at);
CREATE INDEX handouts_at ON handouts (at, question_id, attempt);
