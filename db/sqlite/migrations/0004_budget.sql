-- turn_at orders what is due: the later of when it was asked for and when its
-- user was last served. cost is what the action holds of the budget of
-- cost_day, in millionths of a US dollar; price names what it is billed as.
ALTER TABLE actions ADD COLUMN turn_at  INTEGER NOT NULL DEFAULT 0;
ALTER TABLE actions ADD COLUMN price    TEXT    NOT NULL DEFAULT '';
ALTER TABLE actions ADD COLUMN cost     INTEGER NOT NULL DEFAULT 0 CHECK (cost >= 0);
ALTER TABLE actions ADD COLUMN cost_day INTEGER NOT NULL DEFAULT 0;
UPDATE actions SET turn_at = created_at;
CREATE INDEX actions_turn ON actions (turn_at, due_at, id) WHERE state = 'pending';

-- A rate limit of X as it stands; owner is a bot, or '*' for the whole app.
CREATE TABLE rate_windows (
  endpoint  TEXT    NOT NULL,
  owner     TEXT    NOT NULL,
  span      INTEGER NOT NULL CHECK (span > 0), -- milliseconds
  most      INTEGER NOT NULL CHECK (most >= 0),
  free      INTEGER NOT NULL CHECK (free >= 0),
  resets_at INTEGER NOT NULL,
  told_at   INTEGER NOT NULL, -- when X said so; 0: counted by us
  PRIMARY KEY (endpoint, owner, span)
) STRICT, WITHOUT ROWID;

-- Why nothing is sent for a while, whatever the windows say.
CREATE TABLE caps (
  owner  TEXT    NOT NULL PRIMARY KEY,
  since  INTEGER NOT NULL,
  until  INTEGER NOT NULL,
  reason TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- Posts of an account by minute, for a day.
CREATE TABLE post_counts (
  bot    TEXT    NOT NULL,
  minute INTEGER NOT NULL, -- its beginning
  n      INTEGER NOT NULL CHECK (n >= 0),
  PRIMARY KEY (bot, minute)
) STRICT, WITHOUT ROWID;

-- What a bot spent on one kind of thing on one UTC day, in millionths of a US
-- dollar. It is kept: a row a day and kind.
CREATE TABLE spending (
  bot        TEXT    NOT NULL,
  day        INTEGER NOT NULL, -- its beginning
  price      TEXT    NOT NULL,
  reserved   INTEGER NOT NULL CHECK (reserved >= 0),
  reserved_n INTEGER NOT NULL CHECK (reserved_n >= 0),
  settled    INTEGER NOT NULL CHECK (settled >= 0),
  settled_n  INTEGER NOT NULL CHECK (settled_n >= 0),
  PRIMARY KEY (bot, day, price)
) STRICT, WITHOUT ROWID;
