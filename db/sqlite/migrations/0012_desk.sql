-- What the desk is still to be told: that a person takes over from a bot. The
-- row is written with the handoff and goes when the desk has taken it.
CREATE TABLE desk_notices (
  id          TEXT    NOT NULL PRIMARY KEY,
  bot         TEXT    NOT NULL,
  user_id     TEXT    NOT NULL,
  interaction TEXT    NOT NULL,
  post        TEXT    NOT NULL, -- id; '': a DM, or nothing of the user's led to it
  why         TEXT    NOT NULL, -- no text of the user's
  at          INTEGER NOT NULL,
  next_at     INTEGER NOT NULL, -- 0: given up
  attempts    INTEGER NOT NULL,
  reason      TEXT    NOT NULL
) STRICT;
CREATE INDEX desk_notices_due ON desk_notices (next_at, id) WHERE next_at <> 0;
CREATE UNIQUE INDEX desk_notices_of ON desk_notices (bot, user_id);
