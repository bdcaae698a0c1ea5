-- Who works with the host, and what they did. The token itself is kept nowhere.
CREATE TABLE operators (
  name       TEXT    NOT NULL PRIMARY KEY,
  role       TEXT    NOT NULL CHECK (role = 'viewer' OR role = 'agent' OR role = 'admin'),
  token_hash TEXT    NOT NULL, -- SHA-256, hex; '': none
  created_at INTEGER NOT NULL,
  created_by TEXT    NOT NULL,
  token_at   INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  removed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX operators_token ON operators (token_hash) WHERE token_hash <> '';

CREATE TABLE operator_acts (
  seq     INTEGER NOT NULL PRIMARY KEY,
  id      TEXT    NOT NULL UNIQUE,
  at      INTEGER NOT NULL,
  made_by TEXT    NOT NULL,
  role    TEXT    NOT NULL,
  did     TEXT    NOT NULL,
  subject TEXT    NOT NULL, -- no id of a user
  refused TEXT    NOT NULL
) STRICT;
