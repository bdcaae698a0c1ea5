-- What was given away is found by what it holds, so that it can be asked back.

ALTER TABLE redistributions ADD COLUMN file TEXT NOT NULL DEFAULT '';

CREATE TABLE export_marks (
  mark   TEXT NOT NULL, -- keyed hash of a user, a post, a DM or an account
  export TEXT NOT NULL REFERENCES redistributions (id),
  PRIMARY KEY (mark, export)
) STRICT, WITHOUT ROWID;
CREATE INDEX export_marks_export ON export_marks (export);

CREATE TABLE recalls (
  export   TEXT    NOT NULL REFERENCES redistributions (id),
  cause    TEXT    NOT NULL, -- id of an erasure or a duty
  asked_at INTEGER NOT NULL,
  due_at   INTEGER NOT NULL,
  done_at  INTEGER NOT NULL,
  done_by  TEXT    NOT NULL,
  PRIMARY KEY (export, cause)
) STRICT, WITHOUT ROWID;
CREATE INDEX recalls_open ON recalls (due_at) WHERE done_at = 0;
CREATE INDEX recalls_cause ON recalls (cause);
