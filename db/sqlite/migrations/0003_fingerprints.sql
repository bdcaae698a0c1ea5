-- Fingerprints of what leaves, to see repetition (event.SimHash). No text. seq
-- is the order of insertion; the index serves the window and pruning.
CREATE TABLE fingerprints (
  seq       INTEGER NOT NULL PRIMARY KEY,
  action_id TEXT    NOT NULL UNIQUE,
  bot       TEXT    NOT NULL,
  kind      TEXT    NOT NULL CHECK (
    kind = 'reply' OR kind = 'dm' OR kind = 'post' OR kind = 'repost' OR kind = 'quote'
    OR kind = 'like' OR kind = 'bookmark' OR kind = 'follow' OR kind = 'list_add'),
  at        INTEGER NOT NULL,
  words     INTEGER NOT NULL,
  numbers   INTEGER NOT NULL
) STRICT;
CREATE INDEX fingerprints_at ON fingerprints (at);

-- What users agreed to, with the wording that they saw. One row a kind: the
-- latest. The flags in conversations are what rules read.
CREATE TABLE consents (
  bot          TEXT    NOT NULL,
  user_id      TEXT    NOT NULL,
  kind         TEXT    NOT NULL CHECK (kind = 'dm_storage' OR kind = 'matching'),
  wording      TEXT    NOT NULL,
  at           INTEGER NOT NULL,
  event_id     TEXT    NOT NULL,
  withdrawn_at INTEGER NOT NULL,
  withdrawn_by TEXT    NOT NULL,
  PRIMARY KEY (bot, user_id, kind)
) STRICT, WITHOUT ROWID;

ALTER TABLE conversations ADD COLUMN consent_dm_storage INTEGER NOT NULL DEFAULT 0 CHECK (consent_dm_storage IN (0, 1));
ALTER TABLE conversations ADD COLUMN consent_matching INTEGER NOT NULL DEFAULT 0 CHECK (consent_matching IN (0, 1));
