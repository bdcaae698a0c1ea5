-- name: PutTextKey :exec
INSERT INTO text_keys (id, bot, user_id, day, message, sealed) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING;

-- name: TextKey :one
SELECT * FROM text_keys WHERE id = ?;

-- name: TextKeyFor :one
SELECT * FROM text_keys WHERE user_id = sqlc.arg(user_id) AND bot = sqlc.arg(bot) AND day = sqlc.arg(day) AND message = sqlc.arg(message);

-- name: WalkTextKeys :many
SELECT * FROM text_keys WHERE id > sqlc.arg(after) ORDER BY id LIMIT sqlc.arg(max);

-- name: ResealTextKey :execrows
UPDATE text_keys SET sealed = sqlc.arg(sealed) WHERE id = sqlc.arg(id);

-- name: DropTextKey :exec
DELETE FROM text_keys WHERE id = ?;

-- name: RetireTextKeys :exec
UPDATE text_keys SET message = '/' || id
WHERE message NOT LIKE '/%'
  AND (CAST(sqlc.arg(user_id) AS TEXT) = '' OR user_id = sqlc.arg(user_id)) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot));

-- name: DropTextKeys :execrows
DELETE FROM text_keys
WHERE message LIKE '/%' AND (CAST(sqlc.arg(user_id) AS TEXT) = '' OR user_id = sqlc.arg(user_id)) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot));

-- name: PruneTextKeys :execrows
DELETE FROM text_keys WHERE id IN (SELECT k.id FROM text_keys AS k WHERE k.day < sqlc.arg(before) AND k.message NOT LIKE 'match:%' ORDER BY k.day LIMIT sqlc.arg(max));


-- name: HoldTextKey :exec
UPDATE text_keys SET message = 'held:' || id WHERE id = sqlc.arg(id) AND message <> '' AND message NOT LIKE '/%' AND message NOT LIKE 'match:%';

-- name: DropHeldTextKeys :many
DELETE FROM text_keys WHERE id IN (
  SELECT k.id FROM text_keys AS k
  WHERE k.user_id = sqlc.arg(user_id) AND k.bot = sqlc.arg(bot) AND k.message LIKE 'held:%' AND NOT EXISTS (
    SELECT 1 FROM actions AS a
    WHERE a.user_id = k.user_id AND a.bot = k.bot AND a.state IN ('hold', 'pending', 'attempting', 'unknown')))
RETURNING id;
