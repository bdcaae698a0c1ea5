-- name: ReadSwitch :one
SELECT * FROM switches WHERE bot = ?;

-- name: PutSwitch :exec
INSERT INTO switches (bot, paused, set_by, at, reason)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (bot) DO UPDATE SET
  paused = excluded.paused,
  set_by = excluded.set_by,
  at = excluded.at,
  reason = excluded.reason;

-- name: ListSwitches :many
SELECT * FROM switches ORDER BY bot;
