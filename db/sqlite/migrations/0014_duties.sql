-- What has to be deleted, why and until when: a row a deletion. It stays as the
-- record that it was done, under the keyed hash of what it was about; target and
-- owner, ids of X, are empty from then on.
CREATE TABLE duties (
  id         TEXT    NOT NULL PRIMARY KEY,
  what       TEXT    NOT NULL CHECK (
    what = 'post' OR what = 'dm' OR what = 'edit' OR what = 'geo' OR what = 'posts' OR what = 'user' OR what = 'account'),
  target     TEXT    NOT NULL,
  hash       TEXT    NOT NULL,
  bot        TEXT    NOT NULL, -- '': every bot
  owner      TEXT    NOT NULL, -- whose post or DM it is, where known
  version    INTEGER NOT NULL CHECK (version >= 0), -- of 'edit': what is older goes
  cause      TEXT    NOT NULL CHECK (
    cause = 'user' OR cause = 'x' OR cause = 'law' OR cause = 'access' OR cause = 'retention'),
  told_by    TEXT    NOT NULL, -- an event's type, 'job', or an operator
  reason     TEXT    NOT NULL, -- X's word
  since      INTEGER NOT NULL, -- when it came about
  opened_at  INTEGER NOT NULL,
  due_at     INTEGER NOT NULL,
  start_at   INTEGER NOT NULL, -- not before
  done_at    INTEGER NOT NULL,
  alarmed_at INTEGER NOT NULL,
  step       TEXT    NOT NULL CHECK (
    step = 'rows' OR step = 'bus' OR step = 'scrub' OR step = 'done' OR step = 'void'),
  attempts   INTEGER NOT NULL CHECK (attempts >= 0),
  problem    TEXT    NOT NULL, -- of the latest attempt; no text of anybody's
  counts     TEXT    NOT NULL  -- JSON: what was removed to how many
) STRICT, WITHOUT ROWID;
CREATE INDEX duties_open ON duties (due_at, id) WHERE done_at = 0;
CREATE INDEX duties_hash ON duties (hash);
CREATE INDEX duties_opened ON duties (opened_at, id);

-- Batch compliance jobs on X. The name is stored before X is asked to make one:
-- by it a job is found again whose making was answered to nobody.
CREATE TABLE compliance_jobs (
  name     TEXT    NOT NULL PRIMARY KEY,
  about    TEXT    NOT NULL CHECK (about IN ('tweets', 'users')),
  step     TEXT    NOT NULL CHECK (
    step = 'named' OR step = 'created' OR step = 'uploaded' OR step = 'done' OR step = 'failed'),
  remote   TEXT    NOT NULL, -- X's id
  began_at INTEGER NOT NULL,
  next_at  INTEGER NOT NULL,
  done_at  INTEGER NOT NULL,
  ids      INTEGER NOT NULL, -- uploaded
  found    INTEGER NOT NULL, -- lines of the result
  attempts INTEGER NOT NULL,
  problem  TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX compliance_jobs_began ON compliance_jobs (about, began_at);

-- A post is found by the id of its newest version. Few are edited.
CREATE INDEX interactions_message ON interactions (message) WHERE version > 0;

-- An erasure that X or a law asks for has another cause, and its own clock.
ALTER TABLE erasures ADD COLUMN cause TEXT NOT NULL DEFAULT 'user' CHECK (
  cause = 'user' OR cause = 'x' OR cause = 'law' OR cause = 'access' OR cause = 'retention');
ALTER TABLE erasures ADD COLUMN due_at INTEGER NOT NULL DEFAULT 0;
UPDATE erasures SET due_at = asked_at + 86400000;
