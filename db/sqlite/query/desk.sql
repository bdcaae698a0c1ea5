-- name: PutDeskNotice :exec
INSERT INTO desk_notices (id, bot, user_id, interaction, post, why, at, next_at, attempts, reason, on_bus, posted)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (bot, user_id) DO UPDATE SET
  id = excluded.id,
  interaction = excluded.interaction,
  post = excluded.post,
  why = excluded.why,
  at = excluded.at,
  next_at = excluded.next_at,
  attempts = excluded.attempts,
  reason = excluded.reason,
  on_bus = excluded.on_bus,
  posted = excluded.posted;

-- name: DeskNotice :one
SELECT * FROM desk_notices WHERE bot = ? AND user_id = ?;

-- name: DueDeskNotices :many
SELECT * FROM desk_notices
WHERE next_at <> 0 AND next_at <= sqlc.arg(now)
ORDER BY next_at, id
LIMIT sqlc.arg(max);

-- name: NextDeskNotice :one
SELECT next_at FROM desk_notices WHERE next_at <> 0 ORDER BY next_at LIMIT 1;

-- name: RetryDeskNotice :exec
UPDATE desk_notices
SET next_at = sqlc.arg(next_at), attempts = sqlc.arg(attempts), reason = sqlc.arg(reason),
  on_bus = sqlc.arg(on_bus), posted = sqlc.arg(posted)
WHERE id = sqlc.arg(id);

-- name: DropDeskNotice :exec
DELETE FROM desk_notices WHERE id = ?;

-- name: DropDeskNotices :exec
DELETE FROM desk_notices WHERE bot = ? AND user_id = ?;

-- name: PruneDeskNotices :exec
DELETE FROM desk_notices WHERE next_at = 0 AND at < ?;

-- name: EraseDeskNotices :execrows
DELETE FROM desk_notices WHERE user_id = sqlc.arg(user_id) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot))
  AND at < sqlc.arg(before);
