-- How often, and from what, the database was brought back from a backup. While
-- the newest has merged_at 0 nothing is sent.
CREATE TABLE restores (
  id          TEXT    NOT NULL PRIMARY KEY,
  backup_at   INTEGER NOT NULL,
  at          INTEGER NOT NULL,
  made_by     TEXT    NOT NULL,
  seq         INTEGER NOT NULL, -- of the bus
  chains      TEXT    NOT NULL,
  rewound_at  INTEGER NOT NULL,
  merged_at   INTEGER NOT NULL,
  merged_by   TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX restores_at ON restores (at);
