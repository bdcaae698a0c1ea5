-- name: PutEcho :exec
INSERT INTO echoes (bot, remote_id, user_id, text_hash, at)
VALUES (?, ?, ?, ?, ?)
ON CONFLICT (bot, remote_id) DO UPDATE SET
  user_id = excluded.user_id,
  text_hash = excluded.text_hash,
  at = excluded.at;

-- name: EchoesTo :many
SELECT * FROM echoes WHERE bot = ? AND user_id = ? ORDER BY remote_id;

-- name: DropEcho :exec
DELETE FROM echoes WHERE bot = ? AND remote_id = ?;
