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

-- name: PutDeskTold :exec
INSERT INTO desk_told (id, bot, user_id, interaction, post, at) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING;

-- name: DeskTold :one
SELECT * FROM desk_told WHERE id = ?;

-- name: TakeBackItem :execrows
INSERT INTO desk_removals (id, handoff, bot, what, at, due_at, next_at, attempts, reason, on_bus, posted)
SELECT t.id || '.' || CAST(sqlc.arg(what) AS TEXT), t.id, t.bot, sqlc.arg(what), sqlc.arg(at), sqlc.arg(due_at), sqlc.arg(at), 0, '', 0, 0
FROM desk_told AS t
WHERE (CAST(sqlc.arg(bot) AS TEXT) = '' OR t.bot = sqlc.arg(bot))
  AND (t.interaction = sqlc.arg(item) AND t.interaction <> '' OR t.post = sqlc.arg(item) AND t.post <> '')
ON CONFLICT (id) DO NOTHING;

-- name: ForgetItemTold :exec
UPDATE desk_told SET interaction = '', post = ''
WHERE (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot))
  AND (interaction = sqlc.arg(item) AND interaction <> '' OR post = sqlc.arg(item) AND post <> '');

-- name: TakeBackPosts :execrows
INSERT INTO desk_removals (id, handoff, bot, what, at, due_at, next_at, attempts, reason, on_bus, posted)
SELECT t.id || '.post', t.id, t.bot, 'post', sqlc.arg(at), sqlc.arg(due_at), sqlc.arg(at), 0, '', 0, 0
FROM desk_told AS t
WHERE (CAST(sqlc.arg(bot) AS TEXT) = '' OR t.bot = sqlc.arg(bot)) AND t.user_id = sqlc.arg(user_id) AND t.post <> ''
ON CONFLICT (id) DO NOTHING;

-- name: ForgetPostsTold :exec
UPDATE desk_told SET interaction = '', post = ''
WHERE (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot)) AND user_id = sqlc.arg(user_id) AND post <> '';

-- name: TakeBackUser :execrows
INSERT INTO desk_removals (id, handoff, bot, what, at, due_at, next_at, attempts, reason, on_bus, posted)
SELECT t.id || '.user', t.id, t.bot, 'user', sqlc.arg(at), sqlc.arg(due_at), sqlc.arg(at), 0, '', 0, 0
FROM desk_told AS t
WHERE (CAST(sqlc.arg(bot) AS TEXT) = '' OR t.bot = sqlc.arg(bot)) AND (CAST(sqlc.arg(user_id) AS TEXT) = '' OR t.user_id = sqlc.arg(user_id))
ON CONFLICT (id) DO NOTHING;

-- name: ForgetUserTold :exec
DELETE FROM desk_told
WHERE (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot)) AND (CAST(sqlc.arg(user_id) AS TEXT) = '' OR user_id = sqlc.arg(user_id));

-- name: PruneDeskTold :execrows
DELETE FROM desk_told WHERE id IN (SELECT t.id FROM desk_told AS t WHERE t.at < ? ORDER BY t.at, t.id LIMIT ?);

-- name: DueDeskRemovals :many
SELECT * FROM desk_removals
WHERE next_at <> 0 AND next_at <= sqlc.arg(now)
ORDER BY next_at, id
LIMIT sqlc.arg(max);

-- name: ListDeskRemovals :many
SELECT * FROM desk_removals ORDER BY at, id LIMIT ?;

-- name: NextDeskRemoval :one
SELECT next_at FROM desk_removals WHERE next_at <> 0 ORDER BY next_at LIMIT 1;

-- name: RetryDeskRemoval :exec
UPDATE desk_removals
SET next_at = sqlc.arg(next_at), attempts = sqlc.arg(attempts), reason = sqlc.arg(reason),
  on_bus = sqlc.arg(on_bus), posted = sqlc.arg(posted)
WHERE id = sqlc.arg(id);

-- name: DropDeskRemoval :exec
DELETE FROM desk_removals WHERE id = ?;

-- name: PruneDeskRemovals :exec
DELETE FROM desk_removals WHERE at < ?;

-- name: EraseDeskTold :execrows
DELETE FROM desk_told WHERE user_id = sqlc.arg(user_id) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot))
  AND at < sqlc.arg(before);

-- name: WipeDeskTold :execrows
DELETE FROM desk_told WHERE CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot);
