-- name: PutMatch :exec
INSERT INTO matches (bot, user_id, purpose, basis, sealed, ref_hash, event_id, source, set_by, at, expires_at, ended_at, ended_by)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (bot, user_id, purpose) DO UPDATE SET
  basis = excluded.basis,
  sealed = excluded.sealed,
  ref_hash = excluded.ref_hash,
  event_id = excluded.event_id,
  source = excluded.source,
  set_by = excluded.set_by,
  at = excluded.at,
  expires_at = excluded.expires_at,
  ended_at = excluded.ended_at,
  ended_by = excluded.ended_by;

-- name: MatchesOf :many
SELECT * FROM matches WHERE bot = ? AND user_id = ? ORDER BY purpose;

-- name: OpenMatchesOf :many
SELECT * FROM matches WHERE user_id = ? AND ended_at = 0 ORDER BY bot, purpose;

-- name: OpenMatchesBy :many
SELECT * FROM matches WHERE event_id = ? AND ended_at = 0 ORDER BY bot, user_id, purpose;

-- name: ExpiredMatches :many
SELECT * FROM matches WHERE ended_at = 0 AND expires_at > 0 AND expires_at <= ? ORDER BY expires_at, bot, user_id, purpose LIMIT ?;

-- name: PruneMatches :many
DELETE FROM matches WHERE (bot, user_id, purpose) IN (
  SELECT x.bot, x.user_id, x.purpose FROM matches AS x WHERE x.ended_at > 0 AND x.ended_at < ? ORDER BY x.ended_at LIMIT ?)
RETURNING *;

-- name: AllMatches :many
SELECT bot, user_id, purpose, basis, ref_hash, event_id, source, set_by, at, expires_at, ended_at, ended_by
FROM matches ORDER BY bot, user_id, purpose;

-- name: EraseMatches :execrows
DELETE FROM matches WHERE user_id = sqlc.arg(user_id) AND (CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot))
  AND at < sqlc.arg(before);

-- name: WipeMatches :execrows
DELETE FROM matches WHERE CAST(sqlc.arg(bot) AS TEXT) = '' OR bot = sqlc.arg(bot);
