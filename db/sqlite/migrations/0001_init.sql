-- Times are Unix milliseconds in UTC, 0 for none. Booleans are 0 and 1.
-- Text of people stands only in action_texts and slots (D5); dead_letters
-- keep sealed bodies.
--
-- Closed sets are written as chains of OR: for IN with more than two values
-- SQLite builds a table each time it checks a row, a fifth of a commit's cost.

-- One row an event taken in. The index serves pruning: seen_at only grows, so
-- it is written at its end.
CREATE TABLE events_seen (
  bot      TEXT    NOT NULL,
  event_id TEXT    NOT NULL,
  idx      INTEGER NOT NULL,
  seen_at  INTEGER NOT NULL,
  PRIMARY KEY (bot, event_id, idx)
) STRICT, WITHOUT ROWID;
CREATE INDEX events_seen_at ON events_seen (seen_at);

CREATE TABLE conversations (
  bot           TEXT    NOT NULL,
  user_id       TEXT    NOT NULL,
  version       INTEGER NOT NULL CHECK (version > 0),
  initiated     TEXT    NOT NULL CHECK (
    initiated = '' OR initiated = 'none' OR initiated = 'mention' OR initiated = 'reply'
    OR initiated = 'quote' OR initiated = 'dm' OR initiated = 'opt_in'),
  initiated_at  INTEGER NOT NULL,
  initiated_by  TEXT    NOT NULL,
  dms_received  INTEGER NOT NULL,
  dms_sent      INTEGER NOT NULL,
  replies_sent  INTEGER NOT NULL,
  last_dm_at    INTEGER NOT NULL,
  sends         TEXT    NOT NULL, -- "dm@1767225600000 reply@1767225660000", oldest first
  held          INTEGER NOT NULL CHECK (held IN (0, 1)),
  held_reason   TEXT    NOT NULL,
  handed_off    INTEGER NOT NULL CHECK (handed_off IN (0, 1)),
  paused_until  INTEGER NOT NULL,
  flow          TEXT    NOT NULL,
  automated     TEXT    NOT NULL CHECK (
    automated = '' OR automated = 'yes' OR automated = 'no' OR automated = 'unknown'),
  blocked_us    INTEGER NOT NULL CHECK (blocked_us IN (0, 1)),
  confirmed_at  INTEGER NOT NULL,
  last_event_at INTEGER NOT NULL,
  PRIMARY KEY (bot, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE interactions (
  bot            TEXT    NOT NULL,
  interaction    TEXT    NOT NULL,
  user_id        TEXT    NOT NULL,
  kind           TEXT    NOT NULL CHECK (
    kind = '' OR kind = 'post' OR kind = 'dm' OR kind = 'own_post' OR kind = 'own_dm'
    OR kind = 'chat' OR kind = 'delete' OR kind = 'revoke' OR kind = 'command' OR kind = 'timer'
    OR kind = 'other'),
  message        TEXT    NOT NULL,
  version        INTEGER NOT NULL,
  text_hash      TEXT    NOT NULL,
  mentioned      INTEGER NOT NULL CHECK (mentioned IN (0, 1)),
  replied        INTEGER NOT NULL CHECK (replied IN (0, 1)),
  quoted         INTEGER NOT NULL CHECK (quoted IN (0, 1)),
  summoned       INTEGER NOT NULL CHECK (summoned IN (0, 1)),
  replies_sent   INTEGER NOT NULL,
  dms_sent       INTEGER NOT NULL,
  drafts_waiting INTEGER NOT NULL,
  first_at       INTEGER NOT NULL,
  last_at        INTEGER NOT NULL,
  PRIMARY KEY (bot, interaction)
) STRICT, WITHOUT ROWID;

CREATE TABLE suppressions (
  user_hash TEXT    NOT NULL PRIMARY KEY,
  opted_out INTEGER NOT NULL CHECK (opted_out IN (0, 1)),
  at        INTEGER NOT NULL,
  event_id  TEXT    NOT NULL,
  tier      TEXT    NOT NULL CHECK (
    tier = '' OR tier = 'none' OR tier = 'hard' OR tier = 'phrase' OR tier = 'doubt'
    OR tier = 'start' OR tier = 'help' OR tier = 'operator'),
  erased_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Rows are wide, so this is a rowid table: it grows at its end. seq is the
-- order of insertion.
CREATE TABLE actions (
  seq         INTEGER NOT NULL PRIMARY KEY,
  id          TEXT    NOT NULL UNIQUE,
  bot         TEXT    NOT NULL,
  interaction TEXT    NOT NULL,
  kind        TEXT    NOT NULL CHECK (
    kind = 'reply' OR kind = 'dm' OR kind = 'post' OR kind = 'repost' OR kind = 'quote'
    OR kind = 'like' OR kind = 'bookmark' OR kind = 'follow' OR kind = 'list_add'),
  purpose     TEXT    NOT NULL CHECK (
    purpose = 'answer' OR purpose = 'opt_out_confirmation' OR purpose = 'notice'
    OR purpose = 'reminder' OR purpose = 'operator' OR purpose = 'scheduled'),
  part        INTEGER NOT NULL CHECK (part >= 0),
  version     INTEGER NOT NULL CHECK (version >= 0),
  user_id     TEXT    NOT NULL,
  reply_to    TEXT    NOT NULL,
  event_id    TEXT    NOT NULL,
  state       TEXT    NOT NULL CHECK (
    state = 'hold' OR state = 'pending' OR state = 'attempting' OR state = 'sent'
    OR state = 'failed' OR state = 'unknown' OR state = 'denied' OR state = 'cancelled'),
  created_at  INTEGER NOT NULL,
  updated_at  INTEGER NOT NULL,
  due_at      INTEGER NOT NULL,
  expires_at  INTEGER NOT NULL,
  attempts    INTEGER NOT NULL CHECK (attempts >= 0),
  remote_id   TEXT    NOT NULL,
  class       TEXT    NOT NULL CHECK (
    class = '' OR class = 'transient' OR class = 'rate_limited' OR class = 'usage_capped'
    OR class = 'refused' OR class = 'auth' OR class = 'gone' OR class = 'unknown_outcome'
    OR class = 'bug'),
  reason      TEXT    NOT NULL,
  text_hash   TEXT    NOT NULL,
  rule_set    TEXT    NOT NULL,
  decision_id TEXT    NOT NULL,
  approval    TEXT    NOT NULL, -- JSON, '' if none
  draft       TEXT    NOT NULL, -- JSON
  decision    TEXT    NOT NULL  -- JSON, with the input that it was made on
) STRICT;

-- I2, both halves.
CREATE UNIQUE INDEX actions_key ON actions (bot, interaction, kind, purpose, part, version);
CREATE UNIQUE INDEX actions_one_reply ON actions (bot, interaction)
  WHERE kind = 'reply' AND state NOT IN ('denied', 'cancelled');

CREATE INDEX actions_due ON actions (due_at, id) WHERE state = 'pending';
CREATE INDEX actions_expiry ON actions (expires_at, id) WHERE state IN ('hold', 'pending') AND expires_at > 0;
CREATE INDEX actions_open ON actions (user_id, id) WHERE state IN ('hold', 'pending');
CREATE INDEX actions_unsettled ON actions (bot, user_id, id) WHERE state IN ('attempting', 'unknown');
CREATE UNIQUE INDEX actions_remote ON actions (bot, remote_id) WHERE remote_id <> '';

-- I1: a row that says that X was called has been pending and claimed.
CREATE TRIGGER actions_insert BEFORE INSERT ON actions
WHEN NEW.state = 'attempting' OR NEW.state = 'sent' OR NEW.state = 'failed' OR NEW.state = 'unknown'
BEGIN
  SELECT RAISE(ABORT, 'actions: a new row cannot have been sent');
END;

-- I5, and the diagram of the action log. A row may always keep its state.
CREATE TRIGGER actions_state BEFORE UPDATE OF state ON actions
WHEN NEW.state <> OLD.state AND NOT (
     (OLD.state = 'hold'       AND (NEW.state = 'pending' OR NEW.state = 'denied' OR NEW.state = 'cancelled'))
  OR (OLD.state = 'pending'    AND (NEW.state = 'attempting' OR NEW.state = 'hold' OR NEW.state = 'cancelled'))
  OR (OLD.state = 'attempting' AND (NEW.state = 'sent' OR NEW.state = 'failed' OR NEW.state = 'pending' OR NEW.state = 'unknown'))
  OR (OLD.state = 'unknown'    AND NEW.state IN ('sent', 'failed')))
BEGIN
  SELECT RAISE(ABORT, 'actions: no such change of state');
END;

CREATE TRIGGER actions_identity BEFORE UPDATE OF id, bot, interaction, kind, purpose, part, version, created_at ON actions
WHEN NEW.id <> OLD.id OR NEW.bot <> OLD.bot OR NEW.interaction <> OLD.interaction
  OR NEW.kind <> OLD.kind OR NEW.purpose <> OLD.purpose OR NEW.part <> OLD.part
  OR NEW.version <> OLD.version OR NEW.created_at <> OLD.created_at
BEGIN
  SELECT RAISE(ABORT, 'actions: the key of a row does not change');
END;

-- Append-only; read and pruned in the order of insertion, so no index.
CREATE TABLE decisions (
  seq       INTEGER NOT NULL PRIMARY KEY,
  id        TEXT    NOT NULL,
  at        INTEGER NOT NULL,
  bot       TEXT    NOT NULL,
  event_id  TEXT    NOT NULL,
  action_id TEXT    NOT NULL,
  record    TEXT    NOT NULL -- JSON
) STRICT;

CREATE TABLE switches (
  bot       TEXT    NOT NULL PRIMARY KEY,
  paused    INTEGER NOT NULL CHECK (paused IN (0, 1)),
  set_by    TEXT    NOT NULL,
  at        INTEGER NOT NULL,
  reason    TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE dead_letters (
  id       TEXT    NOT NULL PRIMARY KEY,
  at       INTEGER NOT NULL,
  bot      TEXT    NOT NULL,
  event_id TEXT    NOT NULL,
  stage    TEXT    NOT NULL,
  reason   TEXT    NOT NULL,
  raw      BLOB    NOT NULL -- sealed
) STRICT;
CREATE INDEX dead_letters_at ON dead_letters (at, id);

CREATE TABLE echoes (
  bot       TEXT    NOT NULL,
  remote_id TEXT    NOT NULL,
  user_id   TEXT    NOT NULL,
  text_hash TEXT    NOT NULL,
  at        INTEGER NOT NULL,
  PRIMARY KEY (bot, remote_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE action_texts (
  action_id TEXT NOT NULL PRIMARY KEY REFERENCES actions (id),
  sealed    BLOB NOT NULL
) STRICT;

CREATE TABLE slots (
  bot     TEXT NOT NULL,
  user_id TEXT NOT NULL,
  name    TEXT NOT NULL,
  sealed  BLOB NOT NULL,
  PRIMARY KEY (bot, user_id, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE rule_sets (
  hash         TEXT    NOT NULL PRIMARY KEY,
  activated_at INTEGER NOT NULL,
  packs        TEXT    NOT NULL,
  sources      TEXT    NOT NULL -- JSON
) STRICT;

CREATE TABLE meta (
  name  TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
