-- X users and references of theirs outside of X, each for one purpose. A row that
-- has ended has no reference any more.
CREATE TABLE matches (
  bot        TEXT    NOT NULL,
  user_id    TEXT    NOT NULL,
  purpose    TEXT    NOT NULL,
  basis      TEXT    NOT NULL CHECK (basis IN ('opt_in', 'provided_by_user', 'public')),
  sealed     BLOB    NOT NULL,
  ref_hash   TEXT    NOT NULL,
  event_id   TEXT    NOT NULL,
  source     TEXT    NOT NULL,
  set_by     TEXT    NOT NULL,
  at         INTEGER NOT NULL,
  expires_at INTEGER NOT NULL, -- 0: it has no such time
  ended_at   INTEGER NOT NULL, -- 0: it stands
  ended_by   TEXT    NOT NULL,
  PRIMARY KEY (bot, user_id, purpose),
  CHECK (ended_at = 0 OR length(sealed) = 0)
) STRICT, WITHOUT ROWID;
CREATE INDEX matches_user ON matches (user_id) WHERE ended_at = 0;
CREATE INDEX matches_event ON matches (event_id) WHERE ended_at = 0;
CREATE INDEX matches_expiry ON matches (expires_at) WHERE ended_at = 0 AND expires_at > 0;
