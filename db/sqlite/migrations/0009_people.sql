-- DMs that introduce nobody: confirmations of a stop, the host's own lines.
ALTER TABLE conversations ADD COLUMN dms_aside INTEGER NOT NULL DEFAULT 0 CHECK (dms_aside >= 0);
UPDATE conversations SET dms_aside = (
  SELECT count(*) FROM actions
  WHERE actions.bot = conversations.bot AND actions.user_id = conversations.user_id
    AND actions.kind = 'dm' AND actions.purpose = 'opt_out_confirmation'
    AND actions.state IN ('pending', 'attempting', 'sent', 'unknown'));

-- Since when a person has the conversation, until when at most (0: until it is
-- released), and why.
ALTER TABLE conversations ADD COLUMN handed_off_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN handed_off_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE conversations ADD COLUMN handed_off_why TEXT NOT NULL DEFAULT '';
CREATE INDEX conversations_people ON conversations (bot, user_id) WHERE held = 1 OR handed_off = 1 OR paused_until > 0;

-- A block is an opt-out: tier blocked.
CREATE TABLE suppressions_new (
  user_hash TEXT    NOT NULL PRIMARY KEY,
  opted_out INTEGER NOT NULL CHECK (opted_out IN (0, 1)),
  at        INTEGER NOT NULL,
  event_id  TEXT    NOT NULL,
  tier      TEXT    NOT NULL CHECK (
    tier = '' OR tier = 'none' OR tier = 'hard' OR tier = 'phrase' OR tier = 'doubt'
    OR tier = 'start' OR tier = 'help' OR tier = 'operator' OR tier = 'blocked'),
  erased_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO suppressions_new SELECT user_hash, opted_out, at, event_id, tier, erased_at FROM suppressions;
DROP TABLE suppressions;
ALTER TABLE suppressions_new RENAME TO suppressions;

-- An opt-in covers what it names, so that there may be several.
CREATE TABLE consents_new (
  bot          TEXT    NOT NULL,
  user_id      TEXT    NOT NULL,
  kind         TEXT    NOT NULL CHECK (kind = 'dm_storage' OR kind = 'matching' OR kind = 'opt_in'),
  covers       TEXT    NOT NULL,
  wording      TEXT    NOT NULL,
  at           INTEGER NOT NULL,
  event_id     TEXT    NOT NULL,
  withdrawn_at INTEGER NOT NULL,
  withdrawn_by TEXT    NOT NULL,
  PRIMARY KEY (bot, user_id, kind, covers)
) STRICT, WITHOUT ROWID;
INSERT INTO consents_new SELECT bot, user_id, kind, '', wording, at, event_id, withdrawn_at, withdrawn_by FROM consents;
DROP TABLE consents;
ALTER TABLE consents_new RENAME TO consents;
CREATE INDEX consents_opt_in ON consents (user_id) WHERE kind = 'opt_in' AND withdrawn_at = 0;
