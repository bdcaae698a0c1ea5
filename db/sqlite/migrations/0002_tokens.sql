CREATE TABLE tokens (
  bot          TEXT    NOT NULL PRIMARY KEY,
  version      INTEGER NOT NULL CHECK (version > 0),
  state        TEXT    NOT NULL CHECK (state IN ('live', 'refreshing', 'unknown', 'ended')),
  reason       TEXT    NOT NULL,
  scopes       TEXT    NOT NULL,
  login_at     INTEGER NOT NULL,
  refreshed_at INTEGER NOT NULL,
  expires_at   INTEGER NOT NULL,
  lease_until  INTEGER NOT NULL,
  sealed       BLOB    NOT NULL
) STRICT, WITHOUT ROWID;
