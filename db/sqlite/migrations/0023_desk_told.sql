-- Handoffs that the desk may know of, written before it is told: by these rows
-- what is gone from X is taken back. interaction and post are ids, empty once
-- that was done.
CREATE TABLE desk_told (
  id          TEXT    NOT NULL PRIMARY KEY, -- the handoff's
  bot         TEXT    NOT NULL,
  user_id     TEXT    NOT NULL,
  interaction TEXT    NOT NULL,
  post        TEXT    NOT NULL,
  at          INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX desk_told_user ON desk_told (user_id);
CREATE INDEX desk_told_interaction ON desk_told (interaction) WHERE interaction <> '';
CREATE INDEX desk_told_post ON desk_told (post) WHERE post <> '';
CREATE INDEX desk_told_at ON desk_told (at, id);

-- What the desk is still to be told to remove. It names a handoff and nobody.
CREATE TABLE desk_removals (
  id       TEXT    NOT NULL PRIMARY KEY,
  handoff  TEXT    NOT NULL,
  bot      TEXT    NOT NULL,
  what     TEXT    NOT NULL CHECK (what = 'post' OR what = 'dm' OR what = 'user'),
  at       INTEGER NOT NULL,
  due_at   INTEGER NOT NULL, -- when it has to be gone there too
  next_at  INTEGER NOT NULL, -- 0: given up
  attempts INTEGER NOT NULL,
  reason   TEXT    NOT NULL,
  on_bus   INTEGER NOT NULL CHECK (on_bus IN (0, 1)),
  posted   INTEGER NOT NULL CHECK (posted IN (0, 1))
) STRICT, WITHOUT ROWID;
CREATE INDEX desk_removals_due ON desk_removals (next_at, id) WHERE next_at <> 0;
