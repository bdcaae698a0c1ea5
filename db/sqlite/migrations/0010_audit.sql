-- The audit chain: an entry a transaction. facts holds lines of kinds, ids and
-- keyed hashes (runtime/audit).
CREATE TABLE audit_entries (
  id     INTEGER NOT NULL PRIMARY KEY,
  writer TEXT    NOT NULL,
  seq    INTEGER NOT NULL CHECK (seq > 0),
  at     INTEGER NOT NULL,
  facts  TEXT    NOT NULL,
  prev   TEXT    NOT NULL,
  hash   TEXT    NOT NULL,
  UNIQUE (writer, seq)
) STRICT;

CREATE TRIGGER audit_entries_stay BEFORE UPDATE ON audit_entries
BEGIN
  SELECT RAISE(ABORT, 'audit_entries: an entry is never changed');
END;

-- Who writes a chain, and the key that its checkpoints are checked with.
CREATE TABLE audit_writers (
  writer   TEXT    NOT NULL PRIMARY KEY,
  verifier TEXT    NOT NULL,
  since    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_checkpoints (
  id   INTEGER NOT NULL PRIMARY KEY,
  at   INTEGER NOT NULL,
  note TEXT    NOT NULL
) STRICT;

-- What was removed, without personal data; and which records that were.
CREATE TABLE receipts (
  id           TEXT    NOT NULL PRIMARY KEY,
  cause        TEXT    NOT NULL CHECK (
    cause = 'user' OR cause = 'x' OR cause = 'law' OR cause = 'access' OR cause = 'retention'),
  triggered_at INTEGER NOT NULL,
  due_at       INTEGER NOT NULL,
  at           INTEGER NOT NULL,
  counts       TEXT    NOT NULL -- JSON
) STRICT, WITHOUT ROWID;
CREATE INDEX receipts_at ON receipts (at);
CREATE TABLE receipt_records (
  kind       TEXT NOT NULL,
  ref        TEXT NOT NULL,
  receipt_id TEXT NOT NULL REFERENCES receipts (id),
  PRIMARY KEY (kind, ref, receipt_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE activations (
  id        INTEGER NOT NULL PRIMARY KEY,
  bot       TEXT    NOT NULL,
  candidate INTEGER NOT NULL CHECK (candidate IN (0, 1)),
  rule_set  TEXT    NOT NULL,
  was       TEXT    NOT NULL,
  at        INTEGER NOT NULL,
  packs     TEXT    NOT NULL,
  why       TEXT    NOT NULL
) STRICT;

CREATE TABLE config_versions (
  id      INTEGER NOT NULL PRIMARY KEY,
  at      INTEGER NOT NULL,
  hash    TEXT    NOT NULL,
  changed TEXT    NOT NULL,
  keys    TEXT    NOT NULL -- JSON: key to keyed hash of its value
) STRICT;

CREATE TABLE redistributions (
  id        TEXT    NOT NULL PRIMARY KEY,
  at        INTEGER NOT NULL,
  recipient TEXT    NOT NULL,
  what      TEXT    NOT NULL,
  ids       INTEGER NOT NULL CHECK (ids >= 0),
  hydrated  INTEGER NOT NULL CHECK (hydrated >= 0),
  automated INTEGER NOT NULL CHECK (automated IN (0, 1)),
  made_by   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX redistributions_at ON redistributions (at);

-- Numbers by UTC day, for reports about times whose records are gone.
CREATE TABLE audit_counts (
  day  INTEGER NOT NULL,
  bot  TEXT    NOT NULL,
  kind TEXT    NOT NULL,
  name TEXT    NOT NULL,
  n    INTEGER NOT NULL,
  PRIMARY KEY (day, bot, kind, name)
) STRICT, WITHOUT ROWID;
